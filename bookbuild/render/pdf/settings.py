"""What XeLaTeX needs to know about a language: fonts, words, hyphenation, and the book's page design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bookbuild.config import Book, Framework, Language


@dataclass(frozen=True, slots=True)
class Words:
    """The few words that neither Sphinx's catalogues nor babel know."""

    babel: str
    """babel's option, as Sphinx derives it from the catalogue"""
    edition: str
    """the title page's line; ``{}`` is the framework"""
    version: str
    chapter: str = r"\chaptername\ \thechapter"
    captions: tuple[tuple[str, str], ...] = ()
    """LaTeX macros to redefine, for a language that babel does not know"""


WORDS = {
    "en": Words("english", "{} edition", "Version"),
    "zh": Words(
        "english",
        "{} 版",
        "版本",
        r"第 \thechapter{} 章",
        (
            ("contentsname", "目录"),
            ("bibname", "参考文献"),
            ("indexname", "索引"),
            ("chaptername", "章"),
            ("partname", "部分"),
            ("appendixname", "附录"),
        ),
    ),
    "pt": Words("brazil", "Edição {}", "Versão"),
    "fr": Words("french", "Édition {}", "Version"),
    "id": Words("bahasai", "Edisi {}", "Versi"),
}

FONTS = r"""
\usepackage{unicode-math}
\newcommand{\gyre}[2]{#1{texgyre#2}[Extension=.otf,UprightFont=*-regular,BoldFont=*-bold,
  ItalicFont=*-italic,BoldItalicFont=*-bolditalic]}
\gyre\setmainfont{pagella}
\gyre\setsansfont{heros}
\setmonofont{DejaVu Sans Mono}[Scale=0.80]
\setmathfont{texgyrepagella-math.otf}
\newfontfamily\symbolfont{DejaVu Sans}[Scale=0.85]
% A sign that the font at hand lacks is taken from one that has it.
\protected\def\booksign#1{\iffontchar\font`#1\relax#1\else{\symbolfont#1}\fi}
% Punctuation of an English page in a Chinese book.
\protected\def\latinmark#1{{\XeTeXinterchartokenstate=0 #1}}
\AtBeginDocument{\pdfstringdefDisableCommands{\def\booksign#1{#1}\def\latinmark#1{#1}}}
"""

CJK = r"""
\usepackage{xeCJK}
\setCJKmainfont{Noto Serif CJK SC}[BoldFont=Noto Serif CJK SC Bold,ItalicFont=Noto Serif CJK SC]
\setCJKsansfont{Noto Sans CJK SC}[BoldFont=Noto Sans CJK SC Bold,ItalicFont=Noto Sans CJK SC]
\setCJKmonofont{Noto Sans Mono CJK SC}[BoldFont=Noto Sans Mono CJK SC Bold,ItalicFont=Noto Sans Mono CJK SC]
"""

# Elsewhere than in Chinese these marks are Latin; xeCJK would set them full width.
LATIN_MARKS = r"""
\xeCJKDeclareCharClass{Default}{"2018, "2019, "201C, "201D, "2013, "2014, "2025, "2026, "00B7, "2027}
"""

DESIGN = r"""
\makeatletter
\emergencystretch=3em
\titleformat{\chapter}[display]{\sffamily\bfseries\raggedright}
  {\color{bookaccent}\Large @CHAPTER@}{6pt}{\Huge}[\vspace{3pt}{\color{bookaccent}\titlerule[1.2pt]}]
\titlespacing*{\chapter}{0pt}{0pt}{24pt}
\fancypagestyle{normal}{\fancyhf{}%
  \fancyhead[L]{\small\sffamily\nouppercase{\leftmark}}%
  \fancyhead[R]{\small\sffamily\bookedition}%
  \fancyfoot[C]{\small\sffamily\thepage}%
  \renewcommand{\headrulewidth}{0.4pt}\renewcommand{\footrulewidth}{0pt}}
\fancypagestyle{plain}{\fancyhf{}\fancyfoot[C]{\small\sffamily\thepage}%
  \renewcommand{\headrulewidth}{0pt}\renewcommand{\footrulewidth}{0pt}}
\renewcommand{\chaptermark}[1]{\markboth{\ifnum\c@secnumdepth>\m@ne @CHAPTER@.\ \fi#1}{}}
\renewcommand*{\sphinxtableofcontentshook}{%
  \renewcommand*\l@section{\@dottedtocline{1}{1.5em}{2.6em}}%
  \renewcommand*\l@subsection{\@dottedtocline{2}{4.1em}{3.5em}}}
\newenvironment{sphinxclasscell_output}{\sphinxsetup{pre_border-left-width=2pt,
  VerbatimBorderColor={HTML}{8FA3BF},VerbatimColor={HTML}{FFFFFF},pre_border-radius=0pt}}{}
\renewcommand{\sphinxstyleindexentry}[1]{#1}
\renewcommand{\topfraction}{0.9}\renewcommand{\textfraction}{0.07}\renewcommand{\floatpagefraction}{0.8}
% Narrow columns are set ragged, and none is narrower than a word.
\newcolumntype{T}{L}\setlength{\tymin}{5em}
\BeforeBeginEnvironment{sphinxadmonition}{\needspace{5\baselineskip}}
% An exercise or a solution: a heading, its text and code, a rule.
\newenvironment{bookblock}[1]{\par\addvspace{\medskipamount}\needspace{6\baselineskip}%
  \noindent\colorbox[HTML]{E3EAF4}{\parbox{\dimexpr\linewidth-2\fboxsep\relax}{\sffamily\bfseries\strut#1}}%
  \par\nobreak\vspace{2pt}}{\par\nobreak\vspace{2pt}{\color{bookaccent}\hrule height 0.5pt}\par\bigskip}
\newcommand{\outputnote}[1]{{\footnotesize\sffamily\color{gray}#1}}
\makeatother
"""

# The bibliography stands on its own page of the book, under that page's title.  The text cites by author and
# year, so a label would say nothing: entries hang instead.
BIBLIOGRAPHY = r"""
\makeatletter
\renewenvironment{sphinxthebibliography}[1]{\def\@biblabel##1{}%
  \begin{list}{}{\leftmargin1.5em\itemindent-1.5em\labelwidth0pt\labelsep0pt\itemsep3pt}%
  \sloppy\clubpenalty4000\widowpenalty4000\sfcode`\.\@m}{\end{list}}
\makeatother
% a citation may stand in a caption, which is expanded before it is set
\usepackage{etoolbox}
\AtBeginDocument{\robustify{\DUrole}\robustify{\hyperlink}}
"""

TITLE_PAGE = r"""
\hypersetup{pageanchor=false}
\begin{titlepage}
  \sffamily\raggedright\null\vspace{0.22\textheight}
  {\fontsize{34}{42}\selectfont\bfseries\booktitle\par}\vspace{10pt}
  {\color{bookaccent}\rule{\textwidth}{1.6pt}\par}\vspace{12pt}
  {\LARGE\bookedition\par}
  \vfill
  {\large\bookauthor\par}\vspace{4pt}
  {\normalsize\bookversion\par}
\end{titlepage}
\hypersetup{pageanchor=true}
"""

SPHINX_SETUP = ",".join(
    (
        "verbatimwrapslines=true",
        "verbatimforcewraps=true",
        "verbatimsep=4pt",
        "pre_border-width=0pt",
        "pre_border-radius=2pt",
        "VerbatimColor={HTML}{F5F6F8}",
        "VerbatimHighlightColor={HTML}{E8EBF0}",
        "TitleColor={HTML}{1B2A41}",
        "InnerLinkColor={HTML}{1F4E8C}",
        "OuterLinkColor={HTML}{1F4E8C}",
        "HeaderFamily=\\sffamily\\bfseries",
        "hmargin={25mm,25mm}",
        "vmargin={25mm,25mm}",
        "noteBorderColor={HTML}{8FA3BF}",
        "hintBorderColor={HTML}{8FA3BF}",
    )
)


def latex_settings(book: Book, language: Language, frameworks: tuple[str, ...]) -> dict[str, Any]:
    """Sphinx's configuration for the PDF of one language.  None of it enters the reading of pages."""
    return {
        "latex_engine": "xelatex",
        "latex_theme": "manual",
        "latex_use_xindy": False,
        "latex_domain_indices": False,
        "latex_show_urls": "no",
        "latex_toplevel_sectioning": "chapter",
        "bookbuild_pdf_frameworks": list(frameworks),
        "today": book.version,
    }


def latex_elements(language: Language) -> dict[str, str]:
    """Sphinx's ``latex_elements``; the framework's own part is added by :func:`edition`."""
    words = words_of(language)
    chinese = language.key == "zh"
    main = words.babel
    others = "" if main == "english" else "english,"
    renewed = "".join(rf"\renewcommand{{\{name}}}{{{text}}}" for name, text in words.captions)
    captions = rf"\addto\captions{main}{{{renewed}}}" if renewed else ""
    return {
        "papersize": "a4paper",
        "pointsize": "10pt",
        "extraclassoptions": "openany,oneside",
        "fontenc": r"\usepackage{fontspec}\defaultfontfeatures[\rmfamily,\sffamily,\ttfamily]{}",
        "polyglossia": "",
        "babel": rf"\usepackage[{others}main={main}]{{babel}}",
        "fontpkg": FONTS + CJK + ("" if chinese else LATIN_MARKS),
        "fncychap": "",
        "sphinxsetup": SPHINX_SETUP,
        "fvset": r"\fvset{fontsize=\small,formatcom=\xeCJKVerbAddon}",
        "extrapackages": r"\usepackage{needspace}\definecolor{bookaccent}{HTML}{1F4E8C}",
        "preamble": captions + DESIGN.replace("@CHAPTER@", words.chapter) + BIBLIOGRAPHY,
        "maketitle": TITLE_PAGE,
        "tocdepth": r"\setcounter{tocdepth}{2}",
        "secnumdepth": r"\setcounter{secnumdepth}{4}",
        "figure_align": "htb",
    }


def edition(book: Book, language: Language, framework: Framework) -> str:
    """The preamble of one framework's book: its title page and the PDF's own description."""
    words = words_of(language)
    named = words.edition.format(framework.title)
    macros = {
        "booktitle": language.book_title,
        "bookedition": named,
        "bookauthor": book.author,
        "bookversion": f"{words.version} {book.version}",
    }
    defined = "".join(rf"\newcommand{{\{name}}}{{{escape(text)}}}" + "\n" for name, text in macros.items())
    return defined + (
        rf"\hypersetup{{pdftitle={{{escape(language.book_title)} ({escape(named)})}},"
        rf"pdfauthor={{{escape(book.author)}}},pdflang={{{language.html}}},"
        r"pdfcreator={},pdfdisplaydoctitle=true,bookmarksnumbered=true}" + "\n"
    )


def words_of(language: Language) -> Words:
    """A language without an entry is set in English words, and hyphenated as English."""
    return WORDS.get(language.key, WORDS["en"])


def escape(text: str) -> str:
    """``text`` for LaTeX."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, "\\" + c if c in "&%$#_{}" else c) for c in text)
