"""Names that people write in place of a code, and the codes there are (ISO 639-1, ISO 3166-1)."""

from __future__ import annotations

_CODES = """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz
    ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik
    io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml
    mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd
    se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi
    vo wa wo xh yi yo za zh zu"""
LANGUAGES = frozenset(_CODES.split())

LANGUAGE_SLIPS = {
    # countries that are taken for their language
    "bd": "bn", "ua": "uk", "cn": "zh", "jp": "ja", "cz": "cs", "dk": "da", "gr": "el", "us": "en",
    "gb": "en",
    "in": "hi", "pk": "ur", "np": "ne", "vn": "vi", "rs": "sr", "at": "de",
    # names and older codes
    "bengali": "bn", "bangla": "bn", "বাংলা": "bn", "english": "en", "russian": "ru", "ukrainian": "uk",
    "hungarian": "hu", "magyar": "hu", "german": "de", "deutsch": "de", "french": "fr", "hindi": "hi",
    "arabic": "ar", "chinese": "zh", "urdu": "ur", "spanish": "es", "italian": "it", "polish": "pl",
    "turkish": "tr", "ben": "bn", "eng": "en", "rus": "ru", "ukr": "uk", "hun": "hu", "deu": "de",
    "ger": "de",
    "fra": "fr", "fre": "fr", "hin": "hi", "ara": "ar", "zho": "zh", "iw": "he", "in-id": "id",
}  # fmt: skip

COUNTRY_SLIPS = {"UK": "GB", "EN": "GB", "SU": "RU", "USA": "US", "BGD": "BD", "IND": "IN"}

SETTING_SLIPS = {
    "interval": "every", "refresh": "every", "frequency": "every", "name": "source", "publisher": "source",
    "lang": "language", "locale": "language", "tz": "timezone", "zone": "timezone", "time_zone": "timezone",
    "link": "url", "href": "url", "feed": "url", "enabled": "paused", "disabled": "paused",
    "password": "auth",
    "user": "auth", "when": "at", "times": "at", "time": "at", "schedule": "at", "days": "weekdays",
    "topic": "topics", "channel": "channels", "mode": "send", "encoding": "charset", "label": "title",
    "rule": "query", "search": "query", "match": "query", "database": "store", "db": "store",
    "labels": "label",
    "alias": "names", "aliases": "names", "synonyms": "names", "keywords": "names", "variants": "names",
    "includes": "include", "distractors": "look_alikes", "lookalikes": "look_alikes", "retention": "keep",
    "healthcheck": "heartbeat", "healthchecks": "heartbeat", "ping": "heartbeat", "prometheus": "metrics",
    "page": "web", "http": "web", "status_page": "web", "address": "listen", "bind": "listen",
    "port": "listen", "base_url": "public_url", "recording": "record", "recordings": "record",
}  # fmt: skip
"""What other programs call our settings."""
