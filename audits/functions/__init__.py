"""Every function that a rule may call beyond JMESPath's own. Other packages add modules."""

from types import ModuleType

from config.plugins import Registry

functions: Registry[ModuleType] = Registry(
    "vervet.functions",
    base=ModuleType,
    builtin={
        "lists": "audits.functions.lists",
        "dates": "audits.functions.dates",
        "networks": "audits.functions.networks",
        "policies": "audits.functions.policies",
        "entities": "audits.functions.entities",
        "context": "audits.functions.context",
    },
)
