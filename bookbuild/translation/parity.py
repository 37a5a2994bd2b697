"""What a translated block must share with its English block, and how it must be written.

Pure: values in, findings out.  The rules speak of fresh blocks; what is stale is being worked on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import zip_longest
from typing import Any

from bookbuild.translation.blocks import Element, Landmark, TextBlock, normalise
from bookbuild.translation.compare import Pair
from bookbuild.translation.terms import Check

ROLE = re.compile(r"\{([a-z][\w:+-]*)\}(`+)(.+?)\2", re.S)
TARGET = re.compile(r"<([^<>]+)>\s*$")
CODE = re.compile(r"(?<![`}\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
MATH = re.compile(r"(?<!\\)(\$\$?)(?!\s*\$)(.+?)(?<!\\)\1", re.S)
LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]*(?:\([^()]*\)[^()\s]*)*)\)")
ADDRESS = re.compile(r"<?https?://[^\s>]+>?")
NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,\u00a0\u202f]\d+|(?<=\d)[ ](?=\d{3}(?!\d))\d+)*(?![\d\w])", re.A)
SPELLED = 12
"""up to here a language may write a digit where another writes the word"""
NBSP = "\u00a0\u202f"
HAN = "\u3400-\u4dbf\u4e00-\u9fff"
DECIMALS = {"fr": ",", "id": ",", "pt": ","}
SCALES = {
    **dict.fromkeys(("thousand", "ribu", "mil", "mille", "千"), 3),
    **dict.fromkeys(("million", "millions", "milhão", "milhões", "juta"), 6),
    **dict.fromkeys(("billion", "billions", "bilhão", "bilhões", "milliard", "milliards", "miliar"), 9),
    **dict.fromkeys(("trillion", "trillions", "trilhão", "trilhões", "triliun", "万亿"), 12),
    "千万": 7,
    "万": 4,
    "亿": 8,
}
"""powers of ten that are written as words"""
SPELT = {
    "en": (
        *(
            "zero|no|nothing",
            r"\ban?\b|one|first|single|once|each|every",
            "two|second|twice|both|pair|doubl|hal",
        ),
        *("three|third|thrice", "four|quarter", "five|fifth", "six", "seven", "eight", "nine|ninth"),
        *("ten", "eleven", "twel|dozen"),
    ),
    "fr": (
        *(
            "zéro|nul",
            "une?|premi|seul",
            "deux|second|double|paire|moitié",
            "trois|tiers",
            "quatr|quart",
            "cinq",
        ),
        *("six", "sept", "huit", "neuf|neuv", "dix", "onz", "douz"),
    ),
    "id": (
        *("nol", "satu|pertama|se", "dua|kedua|separuh|setengah", "tiga", "empat", "lima", "enam", "tujuh"),
        *("delapan", "sembilan", "sepuluh", "sebelas", "dua belas|lusin"),
    ),
    "pt": (
        *(
            "zero|nul",
            "uma?|primeir|únic",
            r"dois|duas|segund|dobr|amb[oa]s|par\b|pares|metade",
            "três|terceir|terço",
        ),
        *("quatr|quart", "cinco|quint", "seis|sext", "sete|sétim", "oit", "nove|non", "dez|décim", "onze"),
        *("doze|dúzia",),
    ),
    "zh": ("零", "一|首|单", "二|两|双|对|半|倍", *"三四五六七八九十", "十一", "十二"),
}
"""beginnings of the words for small numbers, from zero"""
ENOUGH, SENTENCE = 40, 30
"""letters that the detector needs for a block, and for a sentence"""
SURE, VERY_SURE = 0.9, 0.99
"""probabilities that count, of a block and of a sentence"""
ALLOWANCE = re.compile(r"%\s*allow\b\s*([\w-]*)\s*:?(.*)")
RULES = ("code", "language", "level", "links", "markers", "math", "numbers", "roles", "terms", "typography")


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule; ``line`` counts in the translated page."""

    rule: str
    line: int
    problem: str
    mend: str


Detector = Callable[[str], Mapping[str, float]]
"""probabilities by language key of a prose text"""


def check_block(
    pair: Pair,
    language: str,
    terms: Mapping[str, str],
    detect: Detector | None = None,
    wording: Check | None = None,
) -> Iterator[Fault]:
    """Every rule that a translated block breaks, except those that its page allows it to break.

    ``terms`` are what ``{term}`` must lead to; ``wording`` looks for the agreed words in plain prose.
    """
    english, own = pair.english, pair.own
    if english is None or own is None:
        return
    found = [*_block_faults(english, own, language, terms, detect)]
    if wording is not None:
        found += _wording(english, own, wording)
    for rule, at, problem, mend in found:
        if rule not in own.allowed:
            yield Fault(rule, own.line + own.text.count("\n", 0, at), problem, mend)


def check_page(english: Sequence[Element], own: Sequence[Element]) -> Iterator[Fault]:
    """Tab items of frameworks: each set of tabs has those of the English one."""
    code, allowed = ([x for x in side if _is_code(x)] for side in (own, english))
    for extra in code[len(allowed) :]:
        mend = "delete it: code stands once, in the English page"
        yield Fault("code", extra.line, "shows code of its own", mend)
    here, there = ([x for x in side if _is_tab(x)] for side in (own, english))
    for a, b in zip_longest(here, there):
        if a is None or b is None or a.kind != b.kind:
            line = (a or (here[-1] if here else None) or own[0]).line if own else 1
            yield Fault(
                "roles",
                line,
                f"{a.kind if a else 'no tab'} stands where the English page has {b.kind if b else 'none'}",
                "write the tab items of the English page, in its order",
            )
            return


def check_formulas(english: Sequence[Element], own: Sequence[Element], language: str) -> Iterator[Fault]:
    """Displayed formulas, which stand between the blocks: those of the English page, in any order."""
    there = _displayed(english, ".")
    here = _displayed(own, DECIMALS.get(language, "."))
    for formula in there.keys() - here.keys():
        problem = f"the formula of English line {there[formula]} is not here as it is there"
        nearest = next(iter(here.keys() - there.keys()), None)
        yield Fault("math", here.get(nearest or "", 0), problem, "copy it from the English page")


def _displayed(elements: Sequence[Element], decimal: str) -> dict[str, int]:
    """The lines of displayed formulas, by what they say."""
    marks = (e for e in elements if isinstance(e, Landmark) and e.formula.strip())
    return {_formula(e.formula, decimal): e.line for e in marks}


def check_allowances(text: str) -> Iterator[Fault]:
    """``% allow RULE: reason`` names a rule and gives a reason."""
    for number, line in enumerate(text.split("\n"), 1):
        found = ALLOWANCE.match(line)
        if found and (found[1] not in RULES or not found[2].strip()):
            problem = f"allows the unknown rule {found[1]!r}" if found[1] not in RULES else "gives no reason"
            yield Fault("markers", number, problem, "write `% allow RULE: reason`; known: " + " ".join(RULES))


def _is_tab(element: Element) -> bool:
    return isinstance(element, Landmark) and element.kind.startswith("tab-item ")


def _is_code(element: Element) -> bool:
    return isinstance(element, Landmark) and element.kind in ("fence", "code_block", "{code-block}", "{code}")


Found = tuple[str, int, str, str]


def _block_faults(
    english: TextBlock, own: TextBlock, language: str, terms: Mapping[str, str], detect: Detector | None
) -> Iterator[Found]:
    if english.level != own.level:
        problem = f"the heading has level {own.level}, in English {english.level}"
        yield "level", 0, problem, "write as many # as the English page"
    yield from _markers(own)
    if english.kind == "alt":
        yield from _numbers(english.text, own.text, language)
    else:
        yield from _roles(english.text, own.text, terms)
        missing = _formulas(english.text, ".") - _formulas(own.text, DECIMALS.get(language, "."))
        yield from _same("math", "formula", missing, Counter())  # a translation may explain with one more
        there, here = _codes(english.text), _codes(own.text)
        named = Counter({c: 1 for c in here if c.lower() in english.text.lower()})
        yield from _same("code", "code", there, here - (named - there))
        yield from _same("links", "link", _links(english.text), _links(own.text))
        yield from _numbers(prose(english.text), prose(own.text), language)
    text = prose(own.text)
    for pattern, problem, mend in TYPOGRAPHY.get(language, ()):
        found = pattern.search(text)
        if found:
            near = re.sub("\x00+", "…", text[max(0, found.start() - 12) : found.end() + 12])
            yield "typography", found.start(), f"{problem}, near {normalise(near)!r}", mend
    if detect is not None and own.kind not in ("table", "entry"):
        yield from _language(text, language, detect)


def prose(text: str) -> str:
    """The text with code, formulas, roles and addresses blanked, character for character."""

    def blank(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", "\x00", found[0])

    def keep_title(found: re.Match[str]) -> str:
        inside = found[3]
        title = TARGET.sub("", inside) if TARGET.search(inside) else ""
        if not title:
            return blank(found)
        head = found[0].index(inside)
        return "\x00" * head + title + "\x00" * (len(found[0]) - head - len(title))

    def keep_words(found: re.Match[str]) -> str:
        head = found[0].index("[") + 1
        return "\x00" * head + found[1] + "\x00" * (len(found[0]) - head - len(found[1]))

    text = ROLE.sub(keep_title, text)
    for pattern in (CODE, MATH):
        text = pattern.sub(blank, text)
    return ADDRESS.sub(blank, LINK.sub(keep_words, text))


# what is shared


def _same(rule: str, what: str, there: Counter[str], here: Counter[str]) -> Iterator[Found]:
    for item in there - here:
        yield rule, 0, f"the {what} {item!r} of the English text is missing", "write it as there"
    for item in here - there:
        yield rule, 0, f"the {what} {item!r} is not in the English text", "write what is there"


def _roles(english: str, own: str, terms: Mapping[str, str]) -> Iterator[Found]:
    there, here = _targets(english), _targets(own)
    yield from _same("roles", "role", there["other"], here["other"])
    known = {k.lower(): v.lower() for k, v in terms.items()}
    wanted = Counter({known[t]: n for t, n in there["term"].items() if t in known})
    unknown = [t for t in there["term"] if t not in known]
    for term in wanted.keys() - here["term"].keys():
        yield "terms", 0, f"the term {term!r} is not marked as one", f"write {{term}}`{term}`"
    extra = here["term"].keys() - wanted.keys()
    if not unknown:
        for term in extra:
            yield "terms", 0, f"the term {term!r} is none of the English text", "use chapters/glossary.yml"


def _wording(english: TextBlock, own: TextBlock, wording: Check) -> Iterator[Found]:
    for term, forms in wording(prose(english.text), own.text):
        words = " or ".join(map(repr, forms))
        problem = f"the English text has {term!r}, and here is no {words}"
        yield "terms", 0, problem, "write the agreed word, or add a form to chapters/glossary.yml"


def _targets(text: str) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {"term": Counter(), "other": Counter()}
    for role in ROLE.finditer(text):
        target = TARGET.search(role[3])
        name = normalise(target[1] if target else role[3])
        if role[1] == "term":
            found["term"][name.lower()] += 1
        else:
            found["other"][f"{{{role[1]}}}`{name}`"] += 1
    return found


def _codes(text: str) -> Counter[str]:
    return Counter({normalise(c[2]) for c in CODE.finditer(ROLE.sub("", text))})


def _formulas(text: str, decimal: str) -> Counter[str]:
    bare = CODE.sub("", ROLE.sub("", text))
    return Counter(_formula(m[2], decimal) for m in MATH.finditer(bare))


def _formula(text: str, decimal: str) -> str:
    """Without spaces, marks of thousands, and words; the decimal sign is a point, a list has commas."""
    text = re.sub(r"\\(?:text|textrm|mbox)\{[^{}]*\}", r"\\text", text)
    point = r"|\." if decimal == "," else "|,"
    text = re.sub(rf"(?<=\d)(?:\\,|\{{\.\}}|\{{\\,\}}|~{point})(?=\d{{3}}(?!\d))", "", text)
    if decimal == ".":
        text = re.sub(r"(?<=\d)\{,\}(?=\d{3}(?!\d))", "", text)
    text = re.sub(r"(?<=\d)(?:\{,\}|,(?=\d))(?=\d)", ".", text)
    text = re.sub(r"\s+|\\[,;:! ]", "", text)
    return text.replace(";", ",")  # 0,6; 0,8 for 0.6, 0.8


def _links(text: str) -> Counter[str]:
    return Counter(m[2] for m in LINK.finditer(CODE.sub("", text)))


def _numbers(english: str, own: str, language: str) -> Iterator[Found]:
    there = Counter(_scaled(english, n, ".") for n in NUMBER.finditer(english))
    here = Counter(_scaled(own, n, DECIMALS.get(language, ".")) for n in NUMBER.finditer(own))
    for number in there - here:
        if not _small(number) or (number not in here and not _spelled(number, own, language)):
            yield "numbers", 0, f"the number {number} of the English text is missing", "write it, in digits"
    for number in here - there:
        if not _small(number) or (number not in there and not _spelled(number, english, "en")):
            yield "numbers", 0, f"the number {number} is not in the English text", "write what is there"


def _scaled(text: str, found: re.Match[str], decimal: str) -> str:
    """The number, times the power of ten that stands after it as a word."""
    number = _number(found[0], decimal)
    word = re.match(r"\s?(万亿|千万|万|亿|千|[^\W\d_]+)", text[found.end() :])
    power = SCALES.get(word[1].lower()) if word else None
    if power is None or not re.fullmatch(r"\d+(?:\.\d+)?", number):
        return number
    return f"{Decimal(number).scaleb(power).normalize():f}"


def _small(number: str) -> bool:
    return number.isdigit() and int(number) <= SPELLED


def _spelled(number: str, text: str, language: str) -> bool:
    """Whether a word for a small number stands in the text; yes where the language's words are not known."""
    words = SPELT.get(language)
    if words is None:
        return True
    start = "" if language == "zh" else r"(?<!\w)(?:ke|ber|se)?" if language == "id" else r"(?<!\w)"
    return re.search(rf"{start}(?:{words[int(number)]})", text, re.IGNORECASE) is not None


def _number(text: str, decimal: str) -> str:
    """The number with a point as the decimal sign and without marks of thousands."""
    thousands = "." if decimal == "," else ","
    text = re.sub(rf"[ {NBSP}]", "", text)
    if re.fullmatch(rf"\d{{1,3}}(?:\{thousands}\d{{3}})+(?:\{decimal}\d+)?", text):
        text = text.replace(thousands, "")
    return text.replace(decimal, ".") if text.count(decimal) == 1 else text


# how it is written


def _markers(own: TextBlock) -> Iterator[Found]:
    text = own.text
    if own.marked:
        yield "markers", 0, "stands under `% translate`", "delete that line once the piece is translated"
    for pattern, problem, mend in MARKERS:
        found = pattern.search(text)
        if found:
            yield "markers", found.start(), problem, mend
    if own.kind == "alt":
        return
    bare = CODE.sub("", ROLE.sub("", text))
    for sign, name in (("`", "backtick"), ("$", "dollar")):
        if len(re.findall(rf"(?<!\\)\{sign}", bare if sign == "`" else MATH.sub("", bare))) > 0:
            yield "markers", 0, f"a {name} is not closed", f"close it, or write \\{sign}"
            return
    bare = re.sub(r"(?<=\s)\*(?=\s)", "", MATH.sub("", bare))
    runs = [len(x) for x in re.findall(r"(?<!\\)\*+", bare)]
    if sum(runs) % 2 or sum(x in (2, 3) for x in runs) % 2:
        yield "markers", 0, "an asterisk is not closed", r"close it, or write \*"


MARKERS = (
    (
        re.compile(r"\{[a-z][\w:+-]*\}`(?:\s|[^`]*\s`)"),
        "a space stands at an end inside a role",
        "delete the space",
    ),
    (re.compile("[\u200b-\u200f\u2028\u2029\u2060\ufeff]"), "holds an invisible character", "delete it"),
    (
        re.compile(r"\{[a-z][\w:+-]*\}\s+`"),
        "a space stands between a role and its backtick",
        "delete the space",
    ),
    (
        re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?:\s|$)", re.M),
        "a conflict marker stands here",
        "keep one version",
    ),
    (re.compile(r"<!--|^\[//\]: #|^%%", re.M), "an editor's comment stands here", "delete it"),
    (re.compile(r":[a-z]+:`[^`]+`"), "a role is written as in reStructuredText", "write {role}`target`"),
)

_QUOTES = (re.compile(r'"'), "a straight quotation mark", "use the language's own")
_SPACE_BEFORE = (re.compile(r"[^\s|][ ][;:!?,](?=\s|$)"), "a space before a punctuation mark", "delete it")
_POINT = (
    re.compile(r"(?<![\d.\w])\d+\.(?:\d{1,2}|\d{4,})(?![\d.\w])"),
    "a decimal point in prose",
    "write a comma, or `code` where it is a version",
)
TYPOGRAPHY: dict[str, tuple[tuple[re.Pattern[str], str, str], ...]] = {
    "fr": (
        (
            re.compile(rf"[^\s{NBSP}\x00;:!?(][;!?](?=[\s*)»]|$)|[\w\x00)»][:](?=\s|$)"),
            "no space before a double punctuation mark",
            "put a no-break space before it",
        ),
        (
            re.compile(r"[ ][;:!?»](?=[\s.,;:)*]|$)"),
            "an ordinary space before a double punctuation mark",
            "make it a no-break space",
        ),
        (re.compile(rf"«(?![{NBSP}])"), "no no-break space after «", "put one there"),
        (re.compile(rf"(?<![{NBSP}])»"), "no no-break space before »", "put one there"),
        (re.compile(r"[\"“”]"), "an English quotation mark", "write « and »"),
        (re.compile(r"(?<=\w)'(?=\w)"), "a straight apostrophe", "write ’"),
        _POINT,
    ),
    "id": (_QUOTES, _SPACE_BEFORE, _POINT),
    "pt": (_QUOTES, _SPACE_BEFORE, _POINT),
    "zh": (
        (
            re.compile(rf"(?<=[{HAN}])[ ](?=[A-Za-z0-9{HAN}])|(?<=[A-Za-z0-9])[ ](?=[{HAN}])"),
            "a space beside a Chinese character",
            "delete it",
        ),
        (
            re.compile(rf"(?<=[{HAN}])[,;:?!.](?![\d])"),
            "a half-width punctuation mark",
            "write the full-width one",
        ),
        (
            re.compile(rf"(?<=[{HAN}])\(|\)(?=[{HAN}])|\([{HAN}]"),
            "a half-width parenthesis beside Chinese",
            "write （ and ）",
        ),
        _QUOTES,
    ),
}


def _language(text: str, language: str, detect: Detector) -> Iterator[Found]:
    """Prose left in English, as a whole or in one sentence."""
    if _letters(text) < ENOUGH:
        return
    if detect(_words(text)).get("en", 0) > SURE:
        yield "language", 0, "reads as English", "translate it"
        return
    for sentence in re.finditer(r"[^.!?。！？;；\n]+", text):
        words = _words(sentence[0])
        if _letters(words) < SENTENCE or len(words.split()) < 5:
            continue
        if detect(words).get("en", 0) > VERY_SURE:
            problem = f"a sentence reads as English: {normalise(words)[:40]!r}"
            yield "language", sentence.start(), problem, "translate it"
            return


def _letters(text: str) -> int:
    return len(re.findall(r"[^\W\d_]", text))


def _words(text: str) -> str:
    """Prose without emphasised words, which are often quoted in English on purpose."""
    return re.sub(r"\*[^*\n]{1,60}\*(?!\*)|\x00|[|#>]", " ", text)


@cache
def detector(languages: tuple[str, ...]) -> Detector:
    """py3langid over these languages; one that it does not know takes no part."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier: Any = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([x for x in languages if x in set(identifier.labels)])
    return lambda text: {str(name): float(share) for name, share in identifier.rank(text)}
