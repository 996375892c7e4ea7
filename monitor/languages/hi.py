"""Hindi: names do not change; common nouns take the plural and oblique endings."""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import BARE, Counting, Speech, Stem
from monitor.text import key

_COUNTING = Counting(
    numbers=(
        "1 एक, 1.5 डेढ़, 2 दो, 2.5 ढाई, 3 तीन, 4 चार, 5 पांच/पाँच, 6 छह/छः, 7 सात, 8 आठ, 9 नौ, 10 दस, 11 "
        "ग्यारह, 12 बारह, 15 पंद्रह, 20 बीस, 25 पच्चीस, 30 तीस, 40 चालीस, 45 पैंतालीस, 50 पचास, 55 पचपन, "
        "60 साठ, 70 सत्तर, 80 अस्सी, 90 नब्बे, 100 सौ"
    ),
    scales="1e3 हजार/हज़ार, 1e5 लाख, 1e6 मिलियन, 1e7 करोड़, 1e9 अरब",
    to_next="0.5 साढ़े, -0.25 पौने, 0.25 सवा",
    joins="और, व",
    to="से",
    about="करीब, लगभग, तकरीबन",
    nearly="करीब-करीब",
    least="कम से कम",
    over_after="से ज्यादा, से अधिक, से ज़्यादा",
    under_after="से कम",
    units={
        "second": "सेकंड, सेकेंड",
        "minute": "मिनट, मिनटों",
        "hour": "घंटा, घंटे, घंटों, घण्टे",
        "day": "दिन, दिनों, दिवसीय",
        "week": "सप्ताह, हफ्ते, हफ्तों, हफ्ता",
        "month": "महीना, महीने, महीनों, माह",
        "year": "साल, सालों, वर्ष, वर्षों",
    },
    wholes="1800 आधा घंटा/आधे घंटे",
    percent="%, प्रतिशत, फीसदी, फ़ीसदी",
    currencies={"USD": "$, डॉलर, अमेरिकी डॉलर", "INR": "₹, रुपये, रुपए", "EUR": "€, यूरो", "RUB": "₽, रूबल"},
    counted={"killed": "मारे गए, मौत, मृत, मारे", "injured": "घायल, जख्मी", "drone": "ड्रोन, ड्रोनों"},
    counters="लोग, लोगों, सैनिक, नागरिक",
    months=(
        "जनवरी",
        "फरवरी, फ़रवरी",
        "मार्च",
        "अप्रैल",
        "मई",
        "जून",
        "जुलाई",
        "अगस्त",
        "सितंबर, सितम्बर",
        "अक्टूबर, अक्तूबर",
        "नवंबर, नवम्बर",
        "दिसंबर, दिसम्बर",
    ),
    weekdays=("सोमवार", "मंगलवार", "बुधवार", "गुरुवार, बृहस्पतिवार", "शुक्रवार", "शनिवार", "रविवार"),
    days="0 आज",
    weeks="0 इस सप्ताह/इस हफ्ते, 1 अगले सप्ताह/अगले हफ्ते, -1 पिछले सप्ताह/पिछले हफ्ते",
    last="पिछले, बीते",
    next="अगले, आगामी",
    within_after="के भीतर, के अंदर, में",
    ahead_after="बाद, के बाद",
    ago="पहले",
    distance="बाद, पहले, पिछले, बीते, के बाद, से पहले",
    day_marks="तारीख",
)

_SPEECH = Speech(
    says=("कहा, कहते, बताया, कहना, बोले, घोषणा की, ऐलान किया, दावा किया, लिखा, चेतावनी दी, जोर दिया"),
    confirms="पुष्टि की, स्वीकार किया, पुष्टि",
    denies="खंडन, इनकार, इन्कार, खारिज",
    possibilities="संभावना",
    claims="खबर, खबरों, दावा, दावे, दावों, आरोप, आरोपों, रिपोर्ट, अटकलें, अटकलों",
    offers="प्रस्ताव, अनुरोध, मांग",
    false="गलत, झूठ, झूठी, निराधार, फर्जी",
    by_after="के मुताबिक, के अनुसार",
    negations_after="नहीं",
    talks="बात",
    verb_last=True,
    questions="क्या",
    openings="क्यों, कैसे, कब, कहां, कौन, क्या",
    conditions="अगर, यदि",
    background="पिछले सप्ताह, पिछले हफ्ते, पिछले महीने, पिछले साल",
    background_openings="इससे पहले, पहले",
    lasts="चली, चला, चले, बात की",
)


class Language(languages.Language):
    """Hindi."""

    code: ClassVar[str] = "hi"
    scripts: ClassVar[tuple[str, ...]] = ("Devanagari",)
    digits: ClassVar[str] = "0123456789"  # Hindi newsrooms print these
    marks: ClassVar[str] = "।॥?!"
    counting: ClassVar[Counting] = _COUNTING
    speech: ClassVar[Speech] = _SPEECH

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return a name as it is, a noun in -ा, -ी or a consonant with its declension."""
        if proper or len(word) < 3:
            return (Stem(word, BARE),)
        if word.endswith("ा"):
            return (Stem(word[:-1], frozenset({"ा", "े", "ों", "ाओं", "ाएं", "ाएँ"})),)
        if word.endswith("ी"):
            return (Stem(word[:-1], frozenset(map(key, ("ी", "ियों", "ियां", "ियाँ", "ियो")))),)
        return (Stem(word, frozenset({"", "ों", "ें"})),)
