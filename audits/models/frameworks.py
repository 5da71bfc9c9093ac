"""The standards that rules are held to: their controls, by id, in our own words."""

from django.db import models


class Framework(models.Model):
    """A standard or benchmark in one edition."""

    touches_all = True

    key = models.SlugField(max_length=50, unique=True, help_text="pci-dss-4.0.1")
    name = models.CharField(max_length=100, help_text="As rules name it: PCI DSS.")
    edition = models.CharField(max_length=50, blank=True)
    title = models.CharField(max_length=200)
    notes = models.TextField(blank=True, help_text="What is in it, where its numbers come from.")
    pack = models.CharField(max_length=100, blank=True, editable=False)
    shipped = models.JSONField(
        default=dict, editable=False, help_text="What the pack shipped last, field by field."
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name"], name="framework_named_once")]

    def __str__(self) -> str:
        return self.title


class Control(models.Model):
    """One demand of a framework. A rule names it as "<framework's name> <number>"."""

    touches_all = True

    framework = models.ForeignKey(Framework, on_delete=models.CASCADE, related_name="controls")
    number = models.CharField(max_length=30, help_text="As the framework writes it: 2.1.4.")
    title = models.CharField(max_length=300, help_text="In our own words, never the standard's.")
    section = models.CharField(max_length=200, blank=True)
    order = models.PositiveIntegerField(default=0)
    automated = models.BooleanField(
        default=True, help_text="Whether a configuration can tell; else people must look."
    )
    shipped = models.JSONField(
        default=dict, editable=False, help_text="What the pack shipped last, field by field."
    )

    class Meta:
        ordering = ["framework", "order"]
        constraints = [
            models.UniqueConstraint(fields=["framework", "number"], name="control_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """How rules name it."""
        return f"{self.framework.name} {self.number}"
