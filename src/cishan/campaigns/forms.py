"""What staff type when they write news of a campaign."""

from typing import Annotated

import msgspec

from cishan.campaigns.rules import NewsKind
from cishan.plumbing.forms import Input


class UpdateForm(msgspec.Struct):
    """Title and text; the photos come beside it as files with a caption each."""

    title: Annotated[str, Input(max_length=80)]
    body: Annotated[str, Input(max_length=8000, multiline=True)]
    kind: NewsKind = NewsKind.NEWS
