"""Files as a form brings them: nothing of what the browser says of them is believed."""

from dataclasses import dataclass

from litestar.datastructures import FormMultiDict, UploadFile
from litestar.exceptions import ClientException
from litestar.plugins.htmx import HTMXRequest


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: what the sender calls it, and its bytes."""

    name: str
    data: bytes


async def uploads(submitted: FormMultiDict, field: str) -> list[Upload]:
    """Return the files of one field of a submitted form, in order; a chooser left empty is no file."""
    found = []
    for value in submitted.getall(field, []):
        if isinstance(value, UploadFile):
            data = await value.read()
            await value.close()
            if data or value.filename:
                found.append(Upload(value.filename, data))
    return found


class PlainRequest(HTMXRequest):
    """A request whose form is read or refused: bytes that are no text are the sender's fault, not ours."""

    async def form(self) -> FormMultiDict:
        """Return the submitted form; raise ClientException (400) for what is none."""
        try:
            return await super().form()
        except UnicodeDecodeError as error:
            raise ClientException("a field of the form is no text") from error
