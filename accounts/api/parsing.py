"""What is sent, as JSON that both databases can keep."""

import json
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class KeepableJSONParser(JSONParser):
    """Refuses what no database keeps: NUL, half a character, a depth without end."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            found = super().parse(stream, media_type, parser_context)
            text = json.dumps(found, ensure_ascii=False)
            text.encode()
        except RecursionError as error:
            raise ParseError("It is nested too deeply.") from error
        except (UnicodeError, ValueError) as error:
            raise ParseError("It holds half a character, or a number without end.") from error
        if "\\u0000" in text:
            raise ParseError("It holds NUL.")
        return found
