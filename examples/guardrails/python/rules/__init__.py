"""The pack: its rules and its settings."""

from gabion_guardrail import Pack

from .convention import Convention
from .data_tier import data_without_tier
from .name import name_out_of_convention

pack = Pack(rules=[name_out_of_convention, data_without_tier], settings=Convention)
