"""The HTML of the page."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

from vaezoo.explore import document as module
from vaezoo.explore.document import SCRIPTS, document, read

EVIL = "</script ></script><script>alert(1)</script><!-- &lt; \u2028"


class Elements(HTMLParser):
    """Collects start tags, and the text of each script and style."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.open = [], {"script": [], "style": []}, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open = self.texts.get(tag)
        if self.open is not None:
            self.open.append("")

    def handle_endtag(self, tag):
        self.open = None

    def handle_data(self, data):
        if self.open is not None:
            self.open[-1] += data


def test_data_are_text_whatever_the_names_are():
    page = Elements(document({"name": EVIL}))
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "data"}, {}]
    assert json.loads(page.texts["script"][0])["name"] == EVIL
    assert not re.search("[<>&]", page.texts["script"][0])


def test_nothing_but_its_own_script_and_style_runs_and_nothing_is_requested():
    page = Elements(document({}))
    (policy,) = [attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == directives["connect-src"] == "'none'"
    for name, text in (("script-src", page.texts["script"][1]), ("style-src", page.texts["style"][0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert directives[name] == f"'sha256-{digest}'"
    assert "connect-src 'self'" in document({}, connect="'self'")


def test_there_is_no_address_in_the_page():
    known = "http://www.w3.org/2000/svg"  # the name of SVG's elements, which is never requested
    assert not re.findall(r"(?:https?:)?//[\w.-]+\.\w+", document({}).replace(known, ""))
    assert not [tag for tag, attributes in Elements(document({})).tags if "src" in attributes]


def test_every_script_of_the_folder_is_in_the_page():
    folder = module.resources.files("vaezoo.explore").joinpath("page")
    assert sorted(SCRIPTS) == sorted(file.name for file in folder.iterdir() if file.name.endswith(".js"))
    assert all(len(read(file.name).splitlines()) <= 250 for file in folder.iterdir())
    assert "innerHTML" not in document({})
