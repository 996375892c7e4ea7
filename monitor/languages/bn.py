"""Bengali: nominal endings, classifiers, the tails that are written together with a name, emphatics.

The grammar is (CASE | CLASSIFIER CASE? | TAIL CASE?)? EMPHATIC?, the case by the final sound. Of 579
UniMorph noun forms it accepts 576; the other three are errors there. Left out because they lead to
other words: -খানা and -জন (বৈঠকখানা is a drawing room), -বাদ and -বাদী (শান্তিবাদী is a pacifist), -ীয়.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar

from monitor import languages
from monitor.languages import Counting, Headlines, Speech, Stem
from monitor.text import key

_AFTER_CONSONANT = "ের এর কে ে এ েতে তে েরা দের েদের দেরকে েদেরকে রা"
_AFTER_VOWEL = "র য় য়ের য়ে এর এ তে কে রা দের দেরকে"
_CLASSIFIERS = "টি টা টুকু গুলো গুলি"
_TAILS = (
    "সহ জুড়ে ভিত্তিক পন্থী পন্থি বিরোধী বাসী বাহিনী সমর্থিত সমর্থক ঘনিষ্ঠ কেন্দ্রিক মুখী সংক্রান্ত বিষয়ক "
    "অধিকৃত নিয়ন্ত্রিত নেতৃত্বাধীন ভাষী যুদ্ধ সংকট"
)
_EMPHATICS = ("", "ই", "ও", "তো")
_ON_NUMBERS = "ই শে লা রা ঠা তম টি টা জন টির টিতে এ এর ের তে র"

_VOWEL_SIGNS = frozenset(map(chr, (*range(0x9BE, 0x9CD), 0x9D7)))
_VOWEL_LETTERS = frozenset(map(chr, range(0x985, 0x995)))


def _split(text: str) -> tuple[str, ...]:
    return tuple(key(word) for word in text.split())


def _is_vowel(char: str) -> bool:
    return char in _VOWEL_SIGNS or char in _VOWEL_LETTERS


@cache
def _endings(kind: str) -> frozenset[str]:
    """Return all endings after a consonant, a vowel, either (foreign letters, ং) or a number."""
    if kind == "number":
        return frozenset(("", *_split(_ON_NUMBERS)))
    after = {"consonant": _split(_AFTER_CONSONANT), "vowel": _split(_AFTER_VOWEL)}
    cases = after["consonant"] + after["vowel"] if kind == "either" else after[kind]
    middle = {"", *cases}
    for link in (*_split(_CLASSIFIERS), *_split(_TAILS)):
        middle.add(link)
        middle.update(link + case for case in after["vowel" if _is_vowel(link[-1]) else "consonant"])
    return frozenset(m + e for m in middle for e in map(key, _EMPHATICS))


_BEFORE_VOWEL = "ে"


@cache
def _starting(vowel: bool) -> frozenset[str]:
    """Return the consonant's endings that begin (or do not begin) with a vowel sign."""
    return frozenset(e for e in _endings("consonant") if (e[:1] == _BEFORE_VOWEL) == vowel)


_COUNTING = Counting(
    numbers=(
        "1 এক/একটি/একটা/একজন, 1.5 দেড়, 2 দুই/দু/দুটি/দুটো/দুইটি/দুজন/দুইজন, 2.5 আড়াই, 3 তিন/তিনটি/তিনজন, "
        "4 চার/চারটি/চারজন, 5 পাঁচ/পাঁচটি/পাঁচজন, 6 ছয়/ছয়টি/ছয়জন/ছটি, 7 সাত/সাতটি/সাতজন, 8 "
        "আট/আটটি/আটজন, 9 নয়/নয়টি/নয়জন, 10 দশ/দশটি/দশজন, 11 এগারো, 12 বারো/বারোটি, 13 তেরো, 14 চৌদ্দ, 15 "
        "পনেরো, 16 ষোলো/ষোল, 17 সতেরো, 18 আঠারো, 19 উনিশ, 20 বিশ/কুড়ি, 21 একুশ, 22 বাইশ, 23 তেইশ, 24 "
        "চব্বিশ, 25 পঁচিশ, 26 ছাব্বিশ, 27 সাতাশ, 28 আঠাশ/আটাশ, 29 ঊনত্রিশ/উনত্রিশ, 30 ত্রিশ/তিরিশ, 35 "
        "পঁয়ত্রিশ, 36 ছত্রিশ, 40 চল্লিশ, 45 পঁয়তাল্লিশ, 48 আটচল্লিশ, 50 পঞ্চাশ, 55 পঞ্চান্ন, 60 ষাট, 70 "
        "সত্তর, 72 বাহাত্তর, 75 পঁচাত্তর, 80 আশি, 90 নব্বই, 100 একশ/একশো, 150 দেড়শ/দেড়শো, 200 "
        "দুইশ/দুইশো/দুশ/দুশো, 250 আড়াইশ/আড়াইশো, 300 তিনশ/তিনশো, 400 চারশ/চারশো, 500 পাঁচশ/পাঁচশো, 600 "
        "ছয়শ/ছয়শো, 700 সাতশ/সাতশো, 800 আটশ/আটশো, 900 নয়শ/নয়শো"
    ),
    scales="100 শ/শো/শত, 1e3 হাজার, 1e5 লাখ/লক্ষ, 1e6 মিলিয়ন, 1e7 কোটি, 1e9 বিলিয়ন, 1e12 ট্রিলিয়ন",
    to_next="0.5 সাড়ে, -0.25 পৌনে, 0.25 সোয়া",
    joins="ও, আর, এবং",
    to="থেকে",
    about="আনুমানিক, কমবেশি, মোটামুটি, কম বেশি",
    nearly="প্রায়",
    least="অন্তত, কমপক্ষে, ন্যূনতম",
    under="সর্বোচ্চ",
    about_after="মতো, মত, খানেক, কাছাকাছি",
    over_after="বেশি, অধিক, ওপরে, উপরে",
    under_after="কম",
    units={
        "second": "সেকেন্ড~",
        "minute": "মিনিট~, মিনিটব্যাপী",
        "hour": "ঘণ্টা~, ঘন্টা~, ঘণ্টাব্যাপী, ঘন্টাব্যাপী",
        "day": "দিন~, দিনব্যাপী",
        "week": "সপ্তাহ~, সপ্তাহব্যাপী",
        "month": "মাস~, মাসব্যাপী",
        "year": "বছর~",
    },
    wholes=("1800 আধঘণ্টা~/আধ ঘণ্টা~/আধা ঘণ্টা~/আধাঘণ্টা~/আধ ঘন্টা~, 3600 ঘণ্টাব্যাপী/ঘন্টাব্যাপী/ঘণ্টাখানেক/ঘণ্টা খানেক/ঘন্টাখানেক"),
    percent="%, শতাংশ~, পারসেন্ট",
    currencies={
        "USD": "$, ডলার~, মার্কিন ডলার~",
        "EUR": "€, ইউরো~",
        "RUB": "₽, রুবল~",
        "BDT": "৳, টাকা~",
        "INR": "₹, রুপি~",
        "GBP": "£, পাউন্ড~",
    },
    counted={
        "killed": "নিহত, মারা গেছেন, মারা গেছে, মারা যান, মৃত্যু~, প্রাণ গেছে, প্রাণহানি~",
        "injured": "আহত, জখম",
        "drone": "ড্রোন~",
    },
    counters="জন, জনের, জনকে, টি, টির, টা, টিতে, মানুষ, মানুষের, বেসামরিক, সেনা",
    months=(
        "জানুয়ারি~, জানুয়ারী~",
        "ফেব্রুয়ারি~, ফেব্রুয়ারী~",
        "মার্চ~",
        "এপ্রিল~",
        "মে~",
        "জুন~",
        "জুলাই~",
        "আগস্ট~, আগষ্ট~, অগস্ট~",
        "সেপ্টেম্বর~",
        "অক্টোবর~",
        "নভেম্বর~",
        "ডিসেম্বর~",
    ),
    weekdays=("সোমবার~", "মঙ্গলবার~", "বুধবার~", "বৃহস্পতিবার~", "শুক্রবার~", "শনিবার~", "রোববার~, রবিবার~"),
    days="0 আজ/আজকে/আজই, 1 আগামীকাল/আগামী কাল, -1 গতকাল/গত কাল, 2 আগামী পরশু",
    weeks=(
        "0 চলতি সপ্তাহ~/এই সপ্তাহ~/এ সপ্তাহ~, 1 আগামী সপ্তাহ~/পরের সপ্তাহ~/সামনের সপ্তাহ~/পরবর্তী সপ্তাহ~, "
        "-1 গত সপ্তাহ~/আগের সপ্তাহ~"
    ),
    last="গত, বিগত",
    next="আগামী, সামনের",
    within="আগামী, পরবর্তী",
    within_after="মধ্যে, মধ্যেই, ভেতর, ভেতরে, ভিতর",
    ahead_after="পর, পরে, বাদে",
    ago="আগে, পূর্বে",
    distance="গত, বিগত, পর, পরে, আগে, অন্তর, পরপর, বয়সী, আলটিমেটাম",
    day_marks="ই, শে, লা, রা, ঠা, তারিখ",
)

_SPEECH = Speech(
    says=(
        "বলেছেন, বলেছে, বলেন, বললেন, বলল, বললো, বলছেন, বলছে, বলেছিলেন, জানিয়েছেন, জানিয়েছে, জানান, "
        "জানালেন, জানাল, জানালো, জানাচ্ছেন, জানাচ্ছে, জানায়, জানিয়েছিলেন, লিখেছেন, লেখেন, লিখলেন, ঘোষণা "
        "দিয়েছেন, ঘোষণা দেন, ঘোষণা দিলেন, ঘোষণা করেছেন, ঘোষণা করেন, ঘোষণা করলেন, মন্তব্য করেছেন, মন্তব্য "
        "করেন, মন্তব্য করলেন, উল্লেখ করেছেন, উল্লেখ করেন, দাবি করেছেন, দাবি করেন, দাবি করলেন, দাবি করেছে, "
        "ইঙ্গিত দিয়েছেন, ইঙ্গিত দিলেন, ইঙ্গিত দেন, সতর্ক করেছেন, সতর্ক করেন, সতর্ক করে, হুঁশিয়ারি "
        "দিয়েছেন, হুঁশিয়ারি দেন, হুঁশিয়ারি দিলেন, আশা প্রকাশ করেছেন, আশা প্রকাশ করেন"
    ),
    confirms=(
        "নিশ্চিত করেছেন, নিশ্চিত করেছে, নিশ্চিত করেন, নিশ্চিত করলেন, নিশ্চিত করল, নিশ্চিত করে, স্বীকার "
        "করেছেন, স্বীকার করেন, স্বীকার করেছে, স্বীকার করলেন"
    ),
    denies=("নাকচ, অস্বীকার, খণ্ডন, উড়িয়ে দিয়েছেন, উড়িয়ে দিয়েছে, উড়িয়ে দেন, উড়িয়ে দিলেন, উড়িয়ে দিল, উড়িয়ে দেয়"),
    possibilities="সম্ভাবনা~",
    rejects="প্রত্যাখ্যান",
    claims="খবর~, দাবি~, অভিযোগ~, প্রতিবেদন~, গুঞ্জন~, তথ্য~, গুজব~, সংবাদ~, জল্পনা~",
    offers="প্রস্তাব~, আবেদন~, অনুরোধ~, আহ্বান~, আমন্ত্রণ~, শর্ত~, পরিকল্পনা~",
    false="ভিত্তিহীন, সত্য নয়, সঠিক নয়, মিথ্যা, ভুয়া, অসত্য, বানোয়াট, গুজব",
    by_after="মতে, ভাষ্যমতে, ভাষ্য অনুযায়ী, বরাত দিয়ে, বরাতে, দাবি অনুযায়ী, ভাষ্য",
    nouns_of="দাবি, ঘোষণা, হুঁশিয়ারি, ইঙ্গিত, মন্তব্য, স্বীকারোক্তি, নাকচ, অস্বীকার",
    refers=(
        "এ কথা, এই কথা, সে কথা, এ তথ্য, এই তথ্য, এ খবর, এই খবর, এ ঘোষণা, এই ঘোষণা, এমন তথ্য, এমনটাই, এমন দাবি, "
        "এমন ইঙ্গিত, এ দাবি, এই দাবি, বিষয়টি, এমন কথা"
    ),
    negations_after="না, নি, করেননি, করেনি, করছেন না, করছে না, দেননি, দেয়নি, করা হয়নি, করবেন না",
    talks="কথা, কথাই, কথাও",
    declines=True,
    verb_last=True,
    questions="কি না, কিনা, নাকি, কি, কেন",
    openings="কেন, কবে, কোথায়, কীভাবে, কী, যে কারণে",
    conditions="যদি, হলে, নইলে, শর্তে",
    background=(
        "গত সপ্তাহ~, গত মাস~, গত বছর~, ইতিপূর্বে, ইতঃপূর্বে, মাস আগে, বছর আগে, সপ্তাহ আগে, কথা ছিল, "
        "হয়েছিল, হয়েছিলেন, রাজি হন, সম্মত হন"
    ),
    background_openings="এর আগে, আগে, তার আগে, এর পূর্বে",
    lasts=(
        "চলে, চলেছে, চলেছিল, চলল, স্থায়ী, ধরে, ব্যাপী, কথা বলেন, কথা বলেছেন, কথা বললেন, কথা হয়, কথা "
        "হয়েছে, আলাপ করেন, আলাপ করেছেন"
    ),
    place_endings=("ে", "তে", "য়", "েই", "তেই", "য়েই"),
)


class Language(languages.Language):
    """Bengali."""

    code: ClassVar[str] = "bn"
    scripts: ClassVar[tuple[str, ...]] = ("Bengali",)
    digits: ClassVar[str] = "০১২৩৪৫৬৭৮৯"
    marks: ClassVar[str] = "।॥?!"
    counting: ClassVar[Counting] = _COUNTING
    speech: ClassVar[Speech] = _SPEECH

    headlines: ClassVar[Headlines] = Headlines(
        wrapping="লাইভ, ভিডিও, ভিডিওসহ, আপডেট, ব্রেকিং, সর্বশেষ, ছবিতে, হালনাগাদ",
        denying_endings="নি",
        common=(
            "ও, এবং, এ, এই, সে, সেই, তার, তাঁর, তাদের, তাঁদের, যে, যা, যিনি, করে, করা, করতে, করার, করেন, "
            "করেছেন, করেছে, করছে, করছেন, হয়েছে, হয়েছেন, হয়, হবে, হচ্ছে, হতে, হয়ে, ছিল, ছিলেন, আছে, "
            "রয়েছে, না, নেই, নয়, কি, কী, থেকে, জন্য, নিয়ে, সঙ্গে, সাথে, বলে, বলেন, বলেছেন, বললেন, "
            "জানিয়েছেন, জানান, জানাল, জানালেন, একটি, এক, একজন, তিনি, তারা, তাঁরা, আমি, আমরা, পর, পরে, "
            "আগে, আবার, আরও, কিন্তু, তবে, যদি, মধ্যে, ওপর, উপর, দিয়ে, দিয়েছেন, দিতে, পক্ষে, কাছে, "
            "প্রতি, হলো, হল, গেছে, গেল, বিষয়ে"
        ),
        coming=(
            "আগে, প্রাক্কালে, আসন্ন, হবে, হবেন, করবেন, করবে, বসবেন, যাবেন, দেবেন, বলবেন, আসবেন, যাচ্ছেন, "
            "যাচ্ছে, হতে পারে, আগামী, পাবেন, নির্ধারিত"
        ),
        past="পর, পরে, শেষে, শেষ, হয়েছিল, অনুষ্ঠিত, ভেস্তে গেল",
        comment="বিশ্লেষণ, মতামত, কেন, কীভাবে, কী, সম্পাদকীয়, নেপথ্যে, কলাম, অভিমত, ব্যাখ্যা",
    )

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return the word with the endings its final sound allows; ৎ is ত before a vowel (সাক্ষাতে)."""
        last = word[-1:]
        if last.isdigit():
            return (Stem(word, _endings("number")),)
        if last == "ৎ":
            return (Stem(word, _starting(False)), Stem(word[:-1] + "ত", _starting(True)))
        if last == "ং":
            return (Stem(word, _endings("either")), Stem(word[:-1] + "ঙ", _starting(True)))
        if _is_vowel(last):
            return (Stem(word, _endings("vowel")),)
        if last in "ঃঁ" or not "\u0995" <= last <= "\u09e3":
            return (Stem(word, _endings("either")),)
        return (Stem(word, _endings("consonant")),)
