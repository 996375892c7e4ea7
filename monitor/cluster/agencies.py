"""News agencies: whose copy an entry is, as far as its byline or an agency line says so."""

from __future__ import annotations

import re
from functools import lru_cache

from monitor import text
from monitor.model import Entry

_NAMES = {
    "reuters": "Reuters, রয়টার্স, রয়টার, Рейтер, Reuters.com, रॉयटर्स, رويترز, 路透社, 路透",
    "afp": "AFP, এএফপি, АФП, Agence France-Presse, फ्रांस प्रेस, 法新社",
    "ap": "AP, এপি, АП, Associated Press, The Associated Press, AP News, অ্যাসোসিয়েটেড প্রেস, 美联社, 美聯社",
    "dpa": "dpa, ডিপিএ, ДПА",
    "efe": "EFE, ইএফই",
    "ansa": "ANSA",
    "bloomberg": "Bloomberg, ব্লুমবার্গ, Bloomberg News, Блумберг",
    "xinhua": "Xinhua, সিনহুয়া, Синьхуа, 新华社, 新華社",
    "tass": "TASS, তাস, ТАСС, Itar-Tass",
    "ria": "RIA, RIA Novosti, РИА Новости, РИА, আরআইএ",
    "interfax": "Interfax, Интерфакс, ইন্টারফ্যাক্স, Інтерфакс-Україна, Interfax-Ukraine",
    "ukrinform": "Ukrinform, Укринформ, Укрінформ",
    "unian": "UNIAN, УНИАН, УНІАН",
    "mti": "MTI, Magyar Távirati Iroda",
    "apa": "APA",
    "pti": "PTI, পিটিআই, Press Trust of India",
    "ani": "ANI, এএনআই",
    "ians": "IANS, আইএএনএস",
    "unb": "UNB, ইউএনবি, United News of Bangladesh",
    "uni": "UNI, ইউএনআই",
    "bss": "BSS, বাসস, Bangladesh Sangbad Sangstha",
    "anadolu": "Anadolu, আনাদোলু, Anadolu Agency, Анадолу",
    "kyodo": "Kyodo, কিয়োডো",
    "yonhap": "Yonhap, ইয়োনহাপ",
}
_BY_NAME = {
    "".join(text.words(text.key(name))): agency
    for agency, names in _NAMES.items()
    for name in names.split(",")
}

_SOURCE_WORDS = r"সূত্র|তথ্যসূত্র|খবর|source|sources|via|quelle|forrás|источник|джерело"
_END = re.compile(
    rf"(?:^|[\n.।!?]\s*|\s[-–—/|]\s*)(?:(?:{_SOURCE_WORDS})\s*[:：–—-]\s*)?([^\n.।!?:]{{2,60}})[.।\s]*$",
    re.IGNORECASE,
)
_DATELINE = re.compile(r"^[^\n]{0,60}?[(/\[]([^()/\[\]\n]{2,30})[)/\]]")
_OPENING = re.compile(r"^([^\s,.:–—-]{2,12}(?:\s[^\s,.:–—-]{2,12})?)\s*[.:–—-]\s")
_PARTS = re.compile(r"\s*(?:[,;/&+]|\band\b|\bи\b|\bও\b|\bés\b)\s*")
_EDGE = 160


def is_agency(name: str) -> bool:
    """Say whether a name is an agency's."""
    return _agency(name) != ""


def agency_of(entry: Entry) -> str:
    """Return the agency an entry credits, or "": by its byline, dateline, last line, or its own source.

    Only places of credit count: "Bloomberg reports that …" is not Bloomberg's copy. Of several
    ("রয়টার্স, এএফপি") the first stands for all.
    """
    if found := _first(entry.author) or _agency(entry.source):
        return found
    for body in dict.fromkeys((entry.content, entry.summary)):
        if not body:
            continue
        head, tail = body[:_EDGE].lstrip(), body[-_EDGE:].rstrip()
        for place in (_DATELINE.match(head), _OPENING.match(head), _END.search(tail)):
            if place and (found := _first(place[1])):
                return found
    return ""


def _first(credit: str) -> str:
    """Return the agency of a credit that consists of nothing but names, at least the first an agency's."""
    parts = [part for part in _PARTS.split(credit.strip()) if part]
    return _agency(parts[0]) if 0 < len(parts) <= 3 else ""


@lru_cache(maxsize=4096)
def _agency(name: str) -> str:
    if not name or len(name) > 40:
        return ""
    return _BY_NAME.get("".join(text.words(text.key(name))), "")
