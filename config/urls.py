"""Every address of the console and the API. A page that joins apps stands before the admin's."""

from django.contrib import admin
from django.urls import include, path

from config.console.attachments import attachment
from config.console.dashboard.page import dashboard
from config.console.deciding import issue_covers
from config.console.differences import differences_page
from config.console.find.page import find
from config.console.find.query import query_page
from config.console.frameworks.control import control
from config.console.frameworks.evidence import evidence_ask, evidence_file, evidence_page
from config.console.frameworks.listing import framework, frameworks
from config.console.health import health
from config.console.import_impact import import_answer, import_ask
from config.console.import_sum import import_sum_answer, import_sum_ask, import_sum_cancel
from config.console.importing import import_page
from config.console.issue import issue_page
from config.console.issue_doing import issue_assign, issue_comment, issue_send_back
from config.console.item.comparing import item_compare
from config.console.item.difference import item_difference
from config.console.item.doing import item_comment, item_label, item_read, item_watch
from config.console.item.page import item_page
from config.console.item.policies import item_policy
from config.console.item.tree import item_json, item_part
from config.console.leaving import leaving_page
from config.console.ledger import entry_page
from config.console.own_mails import switch_mails
from config.console.password import own_password
from config.console.proposal_impact import proposal_ask, proposal_cancel, proposal_impact
from config.console.rule_health import rule_health
from config.console.search import search
from config.console.workbench.ahead import (
    workbench_ask,
    workbench_cancel,
    workbench_preview,
)
from config.console.workbench.exampling import workbench_example, workbench_unnoticed
from config.console.workbench.page import (
    workbench,
    workbench_items,
    workbench_new,
    workbench_try,
)
from config.console.workbench.saving import workbench_save
from config.console.workbench.starting import workbench_suggest

guarded = admin.site.admin_view

urlpatterns = [
    path("healthz", health, name="health"),
    path("stop/<str:token>/", leaving_page, name="leave"),
    path("api/", include("config.api.routes")),
    path("", guarded(dashboard)),
    path("search/", guarded(search)),
    path("find/", guarded(find), name="find"),
    path("find/query/", guarded(query_page), name="find-query"),
    path("rules/health/", guarded(rule_health), name="rule-health"),
    path("frameworks/", guarded(frameworks), name="frameworks"),
    path("frameworks/<str:key>/", guarded(framework), name="framework"),
    path("frameworks/<str:key>/evidence/", guarded(evidence_ask), name="evidence-ask"),
    path("evidence/<int:pk>/", guarded(evidence_page), name="evidence"),
    path("evidence/<int:pk>/file/", guarded(evidence_file), name="evidence-file"),
    path("frameworks/<str:key>/control/<path:number>/", guarded(control), name="control"),
    path("items/differences/", guarded(differences_page), name="differences"),
    path("items/item/<int:pk>/change/", guarded(item_page)),
    path("items/compare/", guarded(item_compare), name="item_compare"),
    path("items/item/<int:pk>/policy/", guarded(item_policy), name="item_policy"),
    path("items/item/<int:pk>/comment/", guarded(item_comment), name="item_comment"),
    path("items/item/<int:pk>/read/", guarded(item_read), name="item_read"),
    path("items/item/<int:pk>/label/", guarded(item_label), name="item_label"),
    path("items/item/<int:pk>/watch/", guarded(item_watch), name="item_watch"),
    path("items/item/<int:pk>/part/", guarded(item_part), name="item_part"),
    path("items/item/<int:pk>/json/", guarded(item_json), name="item_json"),
    path("items/item/<int:pk>/difference/", guarded(item_difference), name="item_difference"),
    path("audits/issue/<int:pk>/change/", guarded(issue_page)),
    path("audits/issue/<int:pk>/covers/", guarded(issue_covers), name="issue_covers"),
    path("audits/attachment/<int:pk>/file/", guarded(attachment), name="attachment"),
    path("audits/issue/<int:pk>/assign/", guarded(issue_assign), name="issue_assign"),
    path("audits/issue/<int:pk>/comment/", guarded(issue_comment), name="issue_comment"),
    path("audits/issue/<int:pk>/send-back/", guarded(issue_send_back), name="issue_send_back"),
    path("audits/rule/<int:pk>/workbench/", guarded(workbench), name="workbench"),
    path("audits/rule/workbench/", guarded(workbench_new), name="workbench_new"),
    path("audits/rule/workbench/try/", guarded(workbench_try), name="workbench_try"),
    path("audits/rule/workbench/items/", guarded(workbench_items), name="workbench_items"),
    path("audits/rule/workbench/save/", guarded(workbench_save), name="workbench_save"),
    path("audits/rule/workbench/example/", guarded(workbench_example), name="workbench_example"),
    path(
        "audits/rule/workbench/unnoticed/",
        guarded(workbench_unnoticed),
        name="workbench_unnoticed",
    ),
    path("audits/rule/workbench/ask/", guarded(workbench_ask), name="workbench_ask"),
    path(
        "audits/rule/workbench/preview/<int:pk>/",
        guarded(workbench_preview),
        name="workbench_preview",
    ),
    path(
        "audits/rule/workbench/preview/<int:pk>/cancel/",
        guarded(workbench_cancel),
        name="workbench_cancel",
    ),
    path("audits/rule/workbench/suggest/", guarded(workbench_suggest), name="workbench_suggest"),
    path("audits/proposal/<int:pk>/impact/", guarded(proposal_impact), name="proposal_impact"),
    path("audits/proposal/<int:pk>/impact/ask/", guarded(proposal_ask), name="proposal_ask"),
    path(
        "audits/proposal/<int:pk>/impact/cancel/",
        guarded(proposal_cancel),
        name="proposal_cancel",
    ),
    path("audits/rule/import/", guarded(import_page), name="import_rules"),
    path("audits/rule/import/impact/", guarded(import_ask), name="import_ask"),
    path("audits/rule/import/impact/<int:pk>/", guarded(import_answer), name="import_answer"),
    path("audits/rule/import/sum/", guarded(import_sum_ask), name="import_sum_ask"),
    path("audits/rule/import/sum/answer/", guarded(import_sum_answer), name="import_sum_answer"),
    path("audits/rule/import/sum/cancel/", guarded(import_sum_cancel), name="import_sum_cancel"),
    path("notifications/ownsubscription/mails/", guarded(switch_mails), name="own_mails"),
    path("accounts/ledgerentry/<int:pk>/change/", guarded(entry_page)),
    path("password_change/", guarded(own_password)),
    path("", admin.site.urls),
]
