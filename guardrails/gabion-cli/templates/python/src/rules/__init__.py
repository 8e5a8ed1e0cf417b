"""The pack: its rules, one file each."""

from gabion_guardrail import Pack

from .resource_without_owner import resource_without_owner

pack = Pack(rules=[resource_without_owner])
