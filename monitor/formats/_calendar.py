"""Names that dates are written with in feeds: months, days of the week, zones, times of day.

Keys are `fold`ed: case, dots and marks above and below letters taken away, so that `Févr.`,
`FEVR` and `fevr` are one key. A month is also known by the first letters of its name where these
are unambiguous.
"""

from __future__ import annotations

import unicodedata
from typing import Final


def fold(word: str) -> str:
    """Return the key of a word: compatibility-decomposed, without marks and dots, case-folded."""
    if word.isascii():
        return word.replace(".", "").lower()
    plain = unicodedata.normalize("NFKD", word)
    return "".join(c for c in plain if unicodedata.category(c) != "Mn" and c != ".").casefold()


_MONTHS: Final = """
en January February March April May June July August September October November December
en jan feb mar apr may jun jul aug sep oct nov dec
en - - - - - - - - sept - - -
de Januar Februar März - Mai Juni Juli - - Oktober - Dezember
de Jänner Feber Maerz - - - - - - Okt - Dez
fr janvier février mars avril mai juin juillet août septembre octobre novembre décembre
fr janv févr - avr - - juil aoû - - - déc
es enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
es ene - - abr - - - ago setiembre - - dic
it gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
it gen - - - mag giu lug - set ott - dic
pt janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
pt - fev - - - - - - - out - dez
nl januari februari maart april mei juni juli augustus september oktober november december
nl - - mrt - - - - - - - - -
sv - - mars - maj - - augusti - - - -
da - - marts - - - - - - - - -
hu január február március április május június július augusztus szeptember október november december
hu - - márc ápr máj jún júl - szept - - -
ru январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
ru января февраля марта апреля мая июня июля августа сентября октября ноября декабря
ru янв фев мар апр - июн июл авг сен окт ноя дек
ru - февр - - - - - - сент - нояб -
uk січень лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень
uk січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
uk січ лют бер квіт трав черв лип серп вер жовт лист груд
be студзеня лютага сакавіка красавіка траўня чэрвеня ліпеня жніўня верасня кастрычніка лістапада снежня
pl styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
pl stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
pl sty lut - kwi - cze lip sie wrz paź lis gru
cs leden únor březen duben květen červen červenec srpen září říjen listopad prosinec
cs ledna února března dubna května června července srpna - října listopadu prosince
sk januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra
ro ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie
tr Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık
el Ιανουάριος Φεβρουάριος Μάρτιος Απρίλιος Μάιος Ιούνιος Ιούλιος Αύγουστος - - - -
el - - - - - - - - Σεπτέμβριος Οκτώβριος Νοέμβριος Δεκέμβριος
el Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου - - - -
el - - - - - - - - Σεπτεμβρίου Οκτωβρίου Νοεμβρίου Δεκεμβρίου
el Ιαν Φεβ Μαρ Απρ Μαι Ιουν Ιουλ Αυγ Σεπ Οκτ Νοε Δεκ
el - - Μάρ Άπρ Μάη Ιούν Ιούλ - Σεπτ - Νοέ -
bn জানুয়ারি ফেব্রুয়ারি মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর
bn জানুয়ারী ফেব্রুয়ারী - - - - - অগাস্ট - - - -
bn জানু ফেব্রু - - - - - আগষ্ট সেপ্টে অক্টো নভে ডিসে
hi जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर
hi - फ़रवरी - - - - - - सितम्बर अक्तूबर नवम्बर दिसम्बर
ar يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
"""

_DAYS: Final = """
en Monday Tuesday Wednesday Thursday Friday Saturday Sunday
en mon tue wed thu fri sat sun
en - tues weds thur - - -
en - - - thurs - - -
de Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag
de mo di mi do fr sa so
fr lundi mardi mercredi jeudi vendredi samedi dimanche
fr lun mar mer jeu ven sam dim
es lunes martes miércoles jueves viernes sábado domingo
es - - mié jue vie sáb dom
it lunedì martedì mercoledì giovedì venerdì sabato domenica
it - - - gio - - -
nl maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
nl ma - wo - vr za zo
hu hétfő kedd szerda csütörtök péntek szombat vasárnap
hu h k sze cs p szo v
ru понедельник вторник среда четверг пятница суббота воскресенье
ru пн вт ср чт пт сб вс
uk понеділок вівторок середа четвер пятниця субота неділя
pl poniedziałek wtorek środa czwartek piątek sobota niedziela
el Δευτέρα Τρίτη Τετάρτη Πέμπτη Παρασκευή Σάββατο Κυριακή
el Δευ Τρί Τετ Πέμ Παρ Σάβ Κυρ
bn সোমবার মঙ্গলবার বুধবার বৃহস্পতিবার শুক্রবার শনিবার রবিবার
bn সোম মঙ্গল বুধ বৃহস্পতি শুক্র শনি রবি
hi सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार
"""


def _table(text: str) -> dict[str, int]:
    table: dict[str, int] = {}
    for line in text.strip().splitlines():
        _, *names = line.split()
        for number, name in enumerate(names):
            if name != "-":
                table.setdefault(fold(name), number)
    return table


MONTHS: Final = {name: number + 1 for name, number in _table(_MONTHS).items()}
"""Folded name → 1–12."""
WEEKDAYS: Final = _table(_DAYS)
"""Folded name → 0 (Monday) – 6."""

NOISE: Final = frozenset(
    fold(word)
    for word in [
        "at",
        "on",
        "of",
        "the",
        "de",
        "del",
        "le",
        "à",
        "di",
        "um",
        "uhr",
        "klo",
        "kl",
        "den",
        "o",
        "год",
        "года",
        "г",
        "в",
        "о",
        "at:",
        "published",
        "updated",
        "posted",
        "date",
        "time",
        "hrs",
        "hr",
        "h",
        "আপডেট",
        "আপডেটঃ",
        "আপডেট:",
        "প্রকাশ",
        "প্রকাশঃ",
        "প্রকাশ:",
        "প্রকাশিত",
        "প্রকাশিতঃ",
        "প্রকাশিত:",
        "সময়",
        "ই",
        "খ্রি",
        "সাল",
    ]
)
"""Words that may stand in a date and say nothing."""

HALVES: Final = {
    fold(word): half
    for half, words in (
        ("am", "am a.m. a ante オ 오전 午前 上午 de. ভোর সকাল"),
        ("pm", "pm p.m. p post 오후 午後 下午 du. দুপুর বিকাল বিকেল সন্ধ্যা"),
        ("night", "রাত"),
    )
    for word in words.split()
}
"""Folded word → the half of the day it puts an hour of 1–12 in; `night` is after dusk or before dawn."""

ZONES: Final = {
    name: round(hours * 60)
    for hours, names in (
        (0, "z ut utc gmt wet"),
        (-3.5, "nst nt"),
        (-2.5, "ndt"),
        (-4, "ast at edt clt"),
        (-3, "adt brt art"),
        (-5, "est et cdt"),
        (-6, "cst ct mdt"),
        (-7, "mst mt pdt"),
        (-8, "pst pt akdt"),
        (-9, "akst hdt"),
        (-10, "hst"),
        (1, "cet met mez bst west wat"),
        (2, "cest mest mesz eet sast cat"),
        (3, "eest msk trt eat ast3"),
        (3.5, "irst"),
        (4, "msd gst"),
        (5, "pkt"),
        (5.5, "ist"),
        (5.75, "npt"),
        (6, "bdt bt"),
        (7, "wib ict"),
        (8, "hkt sgt awst pht"),
        (9, "jst kst"),
        (9.5, "acst"),
        (10, "aest"),
        (10.5, "acdt"),
        (11, "aedt"),
        (12, "nzst"),
        (13, "nzdt"),
    )
    for name in names.split()
}
"""Folded abbreviation → minutes east of Greenwich. US names as RFC 822 §5.1 has them; ET, CT and
their like as standard time; IST is India's, BST Britain's, AST the Atlantic's."""
