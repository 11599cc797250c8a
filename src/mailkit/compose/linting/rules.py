"""The rules of `lint`, as a table to read from top to bottom.

How to think about it: a rule says what is the matter and what to do about it in words for the
person who writes letters, and on whose word it rests. What finds it stands in the module of its
section. Where no one has set a limit, the source is "mailkit": a choice of ours that can be
argued with, and switched off by its code.
"""

# ruff: noqa: E501 - rows of a table

from __future__ import annotations

from typing import Final

import attrs

from mailkit.compose.linting.limits import CLIP_BYTES, STYLE_BYTES
from mailkit.findings import Finding, Place, Severity

__all__ = ["OF_COMPILE", "PREFIX", "RULES", "Rule", "finding"]

PREFIX: Final = "compose."
_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


@attrs.frozen
class Rule:
    """One thing that lint looks for.

    Attributes:
        code: Its name; findings carry it with `compose.` before it.
        severity: How much it matters.
        message: What is the matter; `{}` stands for what differs from letter to letter.
        mend: What to do about it.
        source: On whose word.
    """

    code: str
    severity: Severity
    message: str
    mend: str
    source: str


_WCAG: Final = "WCAG 2.2, "
_BUGS: Final = "github.com/hteumeuleu/email-bugs, "
_OURS: Final = "mailkit"

_TABLE: Final = (
    # Weight and style sheets (weight.py)
    Rule("clipped", _ERROR, "{}, and Gmail shows no more than its first {} KB".format("{}", CLIP_BYTES // 1024),
         "shorten the letter, or move long lists to a page that it links to", _BUGS + "41"),
    Rule("nearly-clipped", _WARNING, "{}, and Gmail cuts letters off at {} KB".format("{}", CLIP_BYTES // 1024),
         "shorten it, or give lint the record with the longest values as records=[…]", _BUGS + "41"),
    Rule("long-style", _WARNING, "the style sheets left in the letter have {} bytes; Gmail drops what is beyond " + f"{STYLE_BYTES:,}",
         "leave out rules that nothing uses", _BUGS + "90"),
    Rule("nested-at-rule", _WARNING, "an at-rule inside of another makes Gmail drop the whole <style>",
         "write both conditions in one: @media screen and (max-width: 480px)", _BUGS + "21"),
    Rule("broken-css", _WARNING, "the style sheet has a brace too few or too many",
         "close every { with a }", "CSS Syntax 3, 5"),
    Rule("outside-style", _ERROR, "a style sheet of another file is not loaded in mail",
         "put its rules into a <style> in the <head>", "caniemail.com/features/html-link"),
    Rule("style-in-body", _INFO, "a <style> in the body is dropped by some clients",
         "move it into the <head>", "caniemail.com/features/html-style"),
    Rule("important", _INFO, "!important in a style attribute cannot be overruled on small screens or in dark mode",
         "leave !important out of style attributes", "CSS Cascading 4, 6.1"),
    Rule("data-picture", _WARNING, "a picture inside of the HTML is not shown by Gmail and Outlook, and weighs {} KB",
         "host it and link to it, or attach it and write src=\"cid:…\"", "caniemail.com/features/image-base64"),
    # What clients can show (support.py)
    Rule("unsupported", _WARNING, "{} for {}% of readers ({})", "write it in a way that all of them know, or give a fallback", "caniemail.com"),
    Rule("differs", _INFO, "{} does nothing for {}% of readers ({})", "look whether the letter is good without it", "caniemail.com"),
    Rule("script", _ERROR, "no mail client runs scripts, and many filters refuse letters that have one",
         "leave the script out", _OURS),
    Rule("frame", _ERROR, "<{}> is not shown in mail", "link to the page, with a picture of it if need be", _OURS),
    # Structure (structure.py)
    Rule("missing-doctype", _INFO, "there is no <!DOCTYPE html>, so clients show it in quirks mode",
         "begin with <!DOCTYPE html>", "HTML, 13.1.1"),
    Rule("missing-lang", _WARNING, "the letter does not say its language, so screen readers guess how to speak it",
         '<html lang="en">, or whatever it is', _WCAG + "3.1.1"),
    Rule("missing-dir", _WARNING, "a letter in {} does not say that it is read from the right",
         '<html dir="rtl">, and dir="rtl" on the outermost element, as some clients drop <html>', "HTML, 3.2.6.4"),
    Rule("missing-title", _INFO, "there is no <title>, which screen readers and browser views say first",
         "put the subject into a <title>", _WCAG + "2.4.2"),
    Rule("missing-viewport", _WARNING, "@media rules are there, but no viewport, so phones measure them against a wide page",
         '<meta name="viewport" content="width=device-width, initial-scale=1">', "CSS Viewport 1, 3"),
    Rule("missing-alt", _WARNING, "a picture has no alt text; without pictures its reader gets its address or nothing",
         'say in alt="…" what it says; alt="" if it is an ornament', _WCAG + "1.1.1"),
    Rule("alt-is-a-file", _WARNING, "the alt text is a file's name", "say what the picture says", _WCAG + "1.1.1"),
    Rule("layout-table", _INFO, "{} for layout without role=\"presentation\"; screen readers announce rows and columns",
         'write <table role="presentation">', _WCAG + "1.3.1"),
    Rule("heading-order", _INFO, "a heading of level {} follows one of level {}", "leave out no level", _WCAG + "1.3.1"),
    Rule("duplicate-id", _WARNING, "two elements have one id", "give each its own", "HTML, 3.2.6"),
    Rule("unclosed", _WARNING, "<{}> is never closed", "close it where it ends", "HTML, 13.1.2"),
    Rule("stray-end", _WARNING, "</{}> closes nothing", "leave it out, or open what it closes", "HTML, 13.1.2"),
    Rule("unsized-picture", _INFO, "a picture has no width, so Outlook for Windows shows it as large as its file",
         'write width="…" in pixels', _OURS),
    # Looks (looks.py)
    Rule("contrast", _WARNING, "text has a contrast of {} to 1, and needs {}", "make one of the colours darker or lighter",
         _WCAG + "1.4.3"),
    Rule("dark-contrast", _WARNING, "in dark mode text has a contrast of {} to 1, and needs {}",
         "give a lighter text or a darker background under prefers-color-scheme: dark", _WCAG + "1.4.3"),
    Rule("small-text", _INFO, "text is {} px high, hard to read on phones", "make it 12 px at least", _OURS),
    Rule("small-target", _WARNING, "what is to be tapped is {} px high, and fingers need 24",
         "make the picture larger, or give the link padding", _WCAG + "2.5.8"),
    Rule("low-button", _INFO, "a button is {} px high; 44 are easy to hit", "give it more padding", _WCAG + "2.5.5"),
    Rule("colour-without-text-colour", _WARNING,
         "a background is set under text whose colour is not; in dark mode the client may make that text light",
         "set color wherever background-color is set", _OURS),
    Rule("missing-color-scheme", _INFO, "nothing says which colour schemes the letter knows, so clients may invert it",
         '<meta name="color-scheme" content="light dark">', "CSS Color Adjustment 1, 2.3"),
    Rule("pure-black-on-white", _INFO, "#000000 on #ffffff without rules for dark mode is inverted in full by some clients",
         "use #1f2933 on #fdfdfd or the like, or write rules for dark mode", _OURS),
    Rule("see-through-picture", _INFO, "a picture has transparent places, and may vanish on a dark background",
         "give it an outline or a background of its own", _OURS),
    # Links (linking.py)
    Rule("empty-link", _WARNING, "a link leads nowhere", "give it an address, or leave the <a> out", "HTML, 4.5.1"),
    Rule("wordless-link", _WARNING, "a link has neither words nor a picture with alt text",
         "put words into it, or an alt text on its picture", _WCAG + "2.4.4"),
    Rule("malformed-link", _ERROR, "this is not an address that can be opened", "write it as https://…", "RFC 3986, 3"),
    Rule("relative-link", _ERROR, "an address without a host leads nowhere in mail", "write it whole, as https://…",
         "RFC 3986, 4.2"),
    Rule("unsafe-link", _ERROR, "an address would run something, or open something of the reader's machine; compile refuses it", "link to a page", _OURS),
    Rule("http-link", _WARNING, "a link goes over http, which anyone on the way can read and change",
         "write https:// if the site has it", "RFC 9110, 4.2.2"),
    Rule("http-picture", _WARNING, "a picture is fetched over http, and some clients do not show it",
         "write https://", "RFC 9110, 4.2.2"),
    Rule("numeric-link", _WARNING, "a link leads to a bare IP address, as phishing does", "give the site a name", _OURS),
    Rule("short-link", _WARNING, "a public link shortener is shared with spammers, and blocklists know its name",
         "link to the page itself", _OURS),
    Rule("other-link", _ERROR, "the words name {}, but the link leads to {}, as in phishing",
         "name no other host than the one it leads to", _OURS),
    Rule("vague-link", _INFO, "the words of a link say nothing about where it leads",
         "say what is there: “Order no. 5”, not “here”", _WCAG + "2.4.4"),
    Rule("missing-unsubscribe", _ERROR, "there is no way to leave",
         "put a link to leave into the footer, or say is_transactional=True if nobody can leave", "RFC 8058; CAN-SPAM Act, 5(a)(5)"),
    Rule("missing-action", _INFO, "there is nothing to follow but the link to leave",
         "give the reader one thing to do, as a button", _OURS),
    # Files that travel with the letter (pictures.py)
    Rule("missing-attachment", _ERROR, "no attachment has the content_id {!r}{}",
         "give compile or the Letter attachments=[Attachment(content_id=…)]", "RFC 2392, 2"),
    Rule("unused-attachment", _INFO, "nothing in the letter shows this picture, which travels with it",
         'show it with <img src="cid:…">, or leave its content_id out', "RFC 2392, 2"),
    # Inbox: what is seen before the letter is opened (inbox.py)
    Rule("missing-subject", _ERROR, "there is no subject", "give subject=…, or a <title>", "RFC 5322, 3.6.5"),
    Rule("long-subject", _INFO, "the subject has {} letters; most inboxes show about 60, phones about 40",
         "say the most important thing first, or shorten it", _OURS),
    Rule("false-reply", _WARNING, "the subject pretends to answer or forward something", "leave Re: and Fwd: out",
         "CAN-SPAM Act, 5(a)(2)"),
    Rule("missing-preheader", _INFO, "there is no preheader, so inboxes show the letter's first words instead",
         "give a preheader that goes on where the subject ends", _OURS),
    Rule("short-preheader", _INFO, "the preheader has {} letters; inboxes fill the line with the letter's first words",
         "make it 40 to 100 letters long", _OURS),
    Rule("repeated-preheader", _INFO, "the preheader repeats the subject", "say the next thing instead", _OURS),
    Rule("noreply", _WARNING, "a sender that nobody can answer looks like a machine, and loses answers and complaints",
         "use an address that is read", _OURS),
    # Words (wording.py)
    Rule("shouting", _WARNING, "{}", "say it quietly", _OURS),
    Rule("many-emoji", _INFO, "the subject has {} emoji", "keep one at most", _OURS),
    Rule("spam-words", _WARNING, "words that spam uses stand in the {}", "say it in words of your own", "linting/data/words.txt"),
    Rule("picture-only", _WARNING, "nearly all is said in pictures; without them, little is left for filters and readers",
         "say it in text, too", _OURS),
    Rule("placeholder", _WARNING, "text is left from a draft", "write what is meant", _OURS),
    Rule("foreign-field", _WARNING, "this is a merge field of another system, which is sent as it stands",
         "write it as {{ field }}", _OURS),
    # Fields and templates (fields.py)
    Rule("unreadable", _ERROR, "{}", "", _OURS),
    Rule("unknown-field", _ERROR, "the letter asks for a field that records do not have{}", "spell it as in the records, or give a default", _OURS),
    Rule("unused-field", _INFO, "a field is given and never used", "leave it out of fields=, or use it", _OURS),
    Rule("bad-record", _ERROR, "a record cannot be rendered: {}", "mend the record, or give the field a default", _OURS),
    # One record (dryrun.py)
    Rule("lacks-field", _ERROR, "the record has no field {!r}, which the letter needs", "fill it in, or give it a default", _OURS),
    Rule("empty-value", _WARNING, "a field that the letter prints is empty", "fill it in, or write {{ field|default('…', true) }}", _OURS),
    Rule("not-a-value", _WARNING, "a field holds a word that means nothing", "take it for empty when importing", _OURS),
    Rule("garbled-value", _WARNING, "a field was read in the wrong encoding", "import the file anew in its own encoding", _OURS),
    Rule("braces-in-value", _INFO, "a field holds a merge field, which is shown as it stands", "fill it in before sending", _OURS),
    Rule("unseen-value", _WARNING, "a field holds {}, which nobody sees and which may part or turn words", "take it out when importing", _OURS),
    Rule("markup-value", _WARNING, "a field holds HTML, which is shown as it stands", "make it plain text when importing", _OURS),
    Rule("blank-around", _INFO, "a field begins or ends with a blank", "strip it when importing", _OURS),
    Rule("gap", _WARNING, "a sentence has a gap where nothing was printed", "choose another sentence with {% if %}", _OURS),
    Rule("empty-subject", _ERROR, "the subject is empty", "give the fields in it a default", "RFC 5322, 3.6.5"),
    # Addresses that were followed (following.py)
    Rule("dead-link", _ERROR, "the address does not answer as it should: {}", "mend the address, or the page", "RFC 9110, 15"),
    Rule("unreachable", _ERROR, "the address could not be fetched: {}", "look whether the site is up", "RFC 9110, 15"),
    Rule("guarded-link", _INFO, "the address refuses programs ({}), so whether readers may see it is not known",
         "open it by hand", "RFC 9110, 15.5"),
    Rule("redirects", _INFO, "the address leads elsewhere after {} the reader time",
         "link to where it ends", "RFC 9110, 15.4"),
    Rule("slow", _INFO, "the address took {} s to answer", "look at the site before thousands come at once", _OURS),
    Rule("not-a-picture", _ERROR, "the address of a picture gives {}", "link to the picture itself", "RFC 9110, 8.3"),
    Rule("heavy-picture", _WARNING, "a picture weighs {} KB", "make it 200 KB at most", _OURS),
    Rule("heavy-letter", _WARNING, "all pictures together weigh {} KB", "make it 1,000 KB at most; phones pay for each", _OURS),
)  # fmt: skip

RULES: Final = {PREFIX + rule.code: rule for rule in _TABLE}
"""The rules by the code that their findings carry."""


OF_COMPILE: Final = frozenset(
    PREFIX + code
    for code in (
        "inlined-per-recipient",
        "inliner-differs",
        "only-in-style",
        "unsettled-layers",
        "untracked-link",
        "weak-media",
    )
)
"""Codes of what `compile` itself finds; a template brings these findings along."""


def finding(code: str, place: Place, *said: object, evidence: str = "", mend: str = "", source: str = "") -> Finding:
    """What a rule says of one place; `said` fills the braces in its message."""
    rule = RULES[PREFIX + code]
    return Finding(
        code=PREFIX + code,
        severity=rule.severity,
        message=rule.message.format(*said) if said else rule.message,
        place=place,
        evidence=evidence,
        mend=mend or rule.mend,
        source=source or rule.source,
    )
