"""What the pages say: a story about the summit, one about something else, and what stands around them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article: its headline and paragraphs."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """One language's stories and the words around them."""

    language: str
    summit: Story
    ferry: Story
    related: tuple[str, ...]
    """Headlines about the summit, for related links."""
    teasers: tuple[str, ...]
    """Their leads: whole sentences."""
    menu: tuple[str, ...]
    read_also: str
    share: str
    bio: str
    subscribe: str
    cookies: str
    captcha: str
    footer: str
    comment: str
    caption: str
    names: tuple[str, ...]
    """Words of the summit: in the text of the ferry's page none of them may stand."""


BN = Tongue(
    language="bn",
    summit=Story(
        title="ট্রাম্প ও পুতিনের ফোনালাপ, বৈঠক হবে বুদাপেস্টে",
        paragraphs=(
            "যুক্তরাষ্ট্রের প্রেসিডেন্ট ডোনাল্ড ট্রাম্প ও রাশিয়ার প্রেসিডেন্ট ভ্লাদিমির পুতিন বৃহস্পতিবার দুই ঘণ্টার বেশি সময় টেলিফোনে কথা বলেছেন।",
            "আলাপ শেষে ট্রাম্প জানান, দুই নেতা হাঙ্গেরির রাজধানী বুদাপেস্টে মুখোমুখি বসতে রাজি হয়েছেন। দিনক্ষণ তখনো ঠিক হয়নি, তবে তিনি সপ্তাহ দুয়েকের কথা বলেছেন।",
            "তার আগে দুই দেশের জ্যেষ্ঠ উপদেষ্টারা আলাদা করে বসবেন। মার্কিন পক্ষে থাকবেন পররাষ্ট্রমন্ত্রী মার্কো রুবিও।",
            "ক্রেমলিনের সহকারী ইউরি উশাকভ বলেছেন, ফোনটি এসেছিল মস্কোর উদ্যোগে এবং কথাবার্তা ছিল খোলামেলা।",
            "পরদিন শুক্রবার হোয়াইট হাউসে যাওয়ার কথা ইউক্রেনের প্রেসিডেন্ট ভলোদিমির জেলেনস্কির। দূরপাল্লার টমাহক ক্ষেপণাস্ত্র চাওয়াই তাঁর সফরের বড় কারণ।",
            "হাঙ্গেরির প্রধানমন্ত্রী ভিক্টর অরবান লিখেছেন, শান্তি বৈঠকের প্রস্তুতি শুরু হয়ে গেছে।",
        ),
    ),
    ferry=Story(
        title="শীতের আগে নদীপথে নতুন সময়সূচি, ভাড়া বাড়ছে না",
        paragraphs=(
            "আগামী মাস থেকে নদীপথের যাত্রীবাহী নৌযান নতুন সময়সূচিতে চলবে বলে জানিয়েছে ঘাট কর্তৃপক্ষ।",
            "কুয়াশার কারণে ভোরের প্রথম নৌযান এক ঘণ্টা পিছিয়ে ছাড়বে। সন্ধ্যার শেষ নৌযান আগের মতোই থাকবে।",
            "কর্তৃপক্ষ বলেছে, জ্বালানির দাম বাড়লেও যাত্রীদের ভাড়া এ বছর বাড়ানো হবে না।",
            "ঘাটের ইজারাদার রহিম উদ্দিন বলেন, নতুন সময়সূচিতে ভিড় কমবে বলে তাঁর আশা।",
            "যাত্রীরা অবশ্য বলছেন, সকালে কাজে যেতে তাঁদের দেরি হবে। তাঁরা একটি বাড়তি নৌযান চেয়েছেন।",
            "নতুন সময়সূচি ঘাটের ফটকে টাঙানো হয়েছে এবং কাল থেকে টিকিটের গায়েও ছাপা থাকবে।",
        ),
    ),
    related=(
        "ট্রাম্প-পুতিন বৈঠক নিয়ে কী বলছে ক্রেমলিন",
        "বুদাপেস্ট কেন বেছে নেওয়া হলো",
        "জেলেনস্কির ওয়াশিংটন সফরে টমাহক নিয়ে আলোচনা",
        "পুতিনের বিমান কোন পথে হাঙ্গেরি যাবে",
    ),
    teasers=(
        "ট্রাম্প ও পুতিনের বৈঠকের আগে উপদেষ্টারা বসছেন। ক্রেমলিন বলেছে, তারিখ এখনো চূড়ান্ত নয়।",
        "হাঙ্গেরির রাজধানী বুদাপেস্টে নিরাপত্তা জোরদার করা হয়েছে। পুতিন সেখানে গেলে কী হবে, সে প্রশ্ন উঠেছে।",
        "জেলেনস্কি হোয়াইট হাউসে ট্রাম্পের সঙ্গে দেখা করেছেন। ক্ষেপণাস্ত্র নিয়ে কথা হয়েছে তাঁদের।",
        "রাশিয়ার প্রেসিডেন্ট পুতিনের সফরসঙ্গী কারা, তা জানায়নি মস্কো।",
    ),
    menu=("প্রচ্ছদ", "বাংলাদেশ", "বিশ্ব: ট্রাম্প-পুতিন", "খেলা", "বিনোদন", "চাকরি", "ই-পেপার"),
    read_also="আরও পড়ুন:",
    share="খবরটি শেয়ার করুন",
    bio="লেখক দীর্ঘদিন রাশিয়া ও পুতিনকে নিয়ে লিখছেন। আগে তিনি মস্কোয় কাজ করেছেন।",
    subscribe="পুরো খবর পড়তে গ্রাহক হোন। ট্রাম্প-পুতিন বৈঠকের সব খবর পাবেন ই-মেইলে।",
    cookies="আমরা আপনার অভিজ্ঞতা ভালো করতে কুকি ব্যবহার করি। চালিয়ে গেলে আপনি আমাদের নীতিতে সম্মতি দিচ্ছেন। সব কুকি গ্রহণ করুন।",
    captcha="আপনি যে মানুষ, তা নিশ্চিত করুন। আপনার সংযোগের নিরাপত্তা যাচাই করা হচ্ছে। কয়েক সেকেন্ড অপেক্ষা করুন।",
    footer="সম্পাদক ও প্রকাশক কর্তৃক সর্বস্বত্ব সংরক্ষিত। এই ওয়েবসাইটের কোনো লেখা অনুমতি ছাড়া ব্যবহার করা যাবে না।",
    comment="পুতিনকে বিশ্বাস করা যায় না, ট্রাম্পের এটা বোঝা উচিত। আমার মনে হয় বৈঠক হবেই না।",
    caption="ঘাটে যাত্রীদের অপেক্ষা।",
    names=("ট্রাম্প", "পুতিন", "বুদাপেস্ট", "জেলেনস্কি", "ক্রেমলিন", "টমাহক", "রাশিয়া"),
)

EN = Tongue(
    language="en",
    summit=Story(
        title="Trump and Putin speak by phone and plan to meet in Budapest",
        paragraphs=(
            "Donald Trump and Vladimir Putin spoke by telephone on Thursday for more than two hours, the White House said.",
            "Afterwards the American president announced that the two would meet in Budapest, the Hungarian capital. No date was given, though he spoke of about two weeks.",
            "Before that, senior advisers of both countries are to sit down together. Secretary of State Marco Rubio will lead for the United States.",
            "Yuri Ushakov, an aide in the Kremlin, said that Moscow had asked for the call and described it as frank.",
            "Volodymyr Zelensky was due at the White House the next day. The Ukrainian president hopes for Tomahawk missiles, which reach far into Russia.",
            "Viktor Orban, the prime minister of Hungary, wrote that preparations for the peace summit were under way.",
        ),
    ),
    ferry=Story(
        title="Ferries get a winter timetable, but fares stay as they are",
        paragraphs=(
            "Passenger ferries on the river will run to a new timetable from next month, the port office said on Monday.",
            "Because of fog the first boat of the morning leaves an hour later. The last one in the evening stays where it was.",
            "Fuel has become dearer, yet passengers will not pay more this year, the office promised.",
            "Rahim Uddin, who holds the lease of the landing, expects smaller crowds at the gates.",
            "Commuters are less happy: many of them will come late to work. They have asked for one more boat at dawn.",
            "The timetable hangs at the gates and will be printed on the back of each ticket from tomorrow.",
        ),
    ),
    related=(
        "What the Kremlin says about the Trump–Putin meeting",
        "Why Budapest was chosen for the summit",
        "Zelensky in Washington: the talk is of Tomahawk missiles",
        "Which way Putin's plane could fly to Hungary",
    ),
    teasers=(
        "Advisers sit down before Trump and Putin do. The Kremlin says that the date is open.",
        "Police prepare in the Hungarian capital Budapest. What happens when Putin lands there is another question.",
        "Zelensky met Trump in the White House. They talked about missiles for an hour.",
        "Moscow did not say who will travel with Putin to the summit.",
    ),
    menu=("Home", "World", "Trump–Putin summit", "Sport", "Business", "Opinion", "E-paper"),
    read_also="Read also:",
    share="Share this story",
    bio="The author has written about Russia and Putin for many years. She was a correspondent in Moscow.",
    subscribe="Subscribe to read the whole story. All about the Trump–Putin summit in your inbox.",
    cookies="We and our partners use cookies to improve your experience. By continuing you agree to our policy. Accept all cookies.",
    captcha="Verify that you are human. We are checking the security of your connection. This takes a few seconds.",
    footer="All rights reserved. No part of this site may be used without the permission of the publisher.",
    comment="Nobody should trust Putin, and Trump ought to know it. I bet the summit never happens.",
    caption="Passengers wait at the landing.",
    names=("Trump", "Putin", "Budapest", "Zelensky", "Kremlin", "Tomahawk", "Russia"),
)

RU = Tongue(
    language="ru",
    summit=Story(
        title="Путин и Трамп поговорили по телефону и встретятся в Будапеште",
        paragraphs=(
            "Президенты России и США Владимир Путин и Дональд Трамп в четверг больше двух часов говорили по телефону.",
            "После разговора американский президент объявил, что они встретятся в столице Венгрии Будапеште. Даты пока нет, он говорил примерно о двух неделях.",
            "Прежде за стол сядут старшие советники обеих стран. С американской стороны это госсекретарь Марко Рубио.",
            "Помощник президента Юрий Ушаков рассказал, что звонок состоялся по просьбе Москвы и был откровенным.",
            "На следующий день в Белом доме ждали Владимира Зеленского. Он надеется получить дальнобойные ракеты «Томагавк».",
            "Премьер-министр Венгрии Виктор Орбан написал, что подготовка мирной встречи уже началась.",
        ),
    ),
    ferry=Story(
        title="Речные паромы переходят на зимнее расписание, билеты не подорожают",
        paragraphs=(
            "Со следующего месяца пассажирские паромы пойдут по новому расписанию, сообщили в понедельник в речном порту.",
            "Из-за туманов первый утренний рейс будет уходить на час позже. Последний вечерний рейс останется прежним.",
            "Топливо подорожало, но пассажиры в этом году больше платить не будут, обещают в порту.",
            "Арендатор пристани Рахим Уддин ждёт, что очередей у ворот станет меньше.",
            "Пассажиры недовольны: многие опоздают на работу. Они просят пустить на рассвете ещё один паром.",
            "Расписание повесили у ворот, а с завтрашнего дня его напечатают и на обороте билетов.",
        ),
    ),
    related=(
        "Что в Кремле говорят о встрече Трампа и Путина",
        "Почему для саммита выбрали Будапешт",
        "Зеленский в Вашингтоне: разговор о «Томагавках»",
        "Каким маршрутом самолёт Путина полетит в Венгрию",
    ),
    teasers=(
        "Советники садятся за стол раньше Трампа и Путина. В Кремле говорят, что даты ещё нет.",
        "В столице Венгрии Будапеште готовится полиция. Что будет, когда там приземлится Путин, неясно.",
        "Зеленский встретился с Трампом в Белом доме. Они час говорили о ракетах.",
        "В Москве не сказали, кто полетит вместе с Путиным на саммит.",
    ),
    menu=("Главная", "Политика", "Саммит: Путин и Трамп", "Спорт", "Экономика", "Мнения", "Архив"),
    read_also="Читайте также:",
    share="Поделиться новостью",
    bio="Автор много лет пишет о России и Путине. Раньше она работала корреспондентом в Москве.",
    subscribe="Оформите подписку, чтобы читать дальше. Всё о саммите Трампа и Путина в вашей почте.",
    cookies="Мы используем файлы cookie, чтобы сайт работал лучше. Продолжая, вы соглашаетесь с нашими правилами. Принять все.",
    captcha="Подтвердите, что вы не робот. Мы проверяем безопасность вашего соединения. Это займёт несколько секунд.",
    footer="Все права защищены. Использование материалов сайта допускается только с разрешения редакции.",
    comment="Путину верить нельзя, и Трамп должен это понимать. Думаю, саммита вообще не будет.",
    caption="Пассажиры ждут на пристани.",
    names=("Трамп", "Путин", "Будапешт", "Зеленск", "Кремл", "Томагавк", "Росси"),
)

HU = Tongue(
    language="hu",
    summit=Story(
        title="Telefonon beszélt Trump és Putyin, Budapesten találkoznak",
        paragraphs=(
            "Donald Trump és Vlagyimir Putyin csütörtökön több mint két órán át beszélt telefonon egymással, közölte a Fehér Ház.",
            "Az amerikai elnök utána bejelentette, hogy Budapesten fognak találkozni. Időpontot nem mondott, de nagyjából két hétről beszélt.",
            "Előtte a két ország vezető tanácsadói ülnek le egymással. Az amerikai küldöttséget Marco Rubio külügyminiszter vezeti.",
            "Jurij Usakov, a Kreml tanácsadója szerint a hívást Moszkva kérte, és a beszélgetés nyílt volt.",
            "Másnapra Volodimir Zelenszkijt várták a Fehér Házba. Az ukrán elnök Tomahawk rakétákat szeretne, amelyek messzire elérnek Oroszországban.",
            "Orbán Viktor miniszterelnök azt írta, hogy a békecsúcs előkészületei megkezdődtek.",
        ),
    ),
    ferry=Story(
        title="Téli menetrend a kompokon, a jegyek ára nem emelkedik",
        paragraphs=(
            "A jövő hónaptól új menetrend szerint közlekednek a személykompok a folyón, közölte hétfőn a kikötő.",
            "A köd miatt az első reggeli járat egy órával később indul. Az utolsó esti járat ideje nem változik.",
            "Az üzemanyag drágább lett, de az utasoknak idén nem kell többet fizetniük, ígérte a kikötő.",
            "A kikötőhely bérlője, Rahim Uddin arra számít, hogy rövidebbek lesznek a sorok a kapuknál.",
            "Az ingázók kevésbé örülnek: sokan elkésnek majd a munkából. Hajnalban még egy járatot kérnek.",
            "A menetrend ki van függesztve a kapuknál, holnaptól pedig a jegyek hátoldalára is rányomtatják.",
        ),
    ),
    related=(
        "Mit mond a Kreml Trump és Putyin találkozójáról",
        "Miért éppen Budapestet választották",
        "Zelenszkij Washingtonban: Tomahawk rakétákról tárgyaltak",
        "Merre repülhet Putyin gépe Magyarországra",
    ),
    teasers=(
        "A tanácsadók Trump és Putyin előtt ülnek asztalhoz. A Kreml szerint nincs még időpont.",
        "A rendőrség felkészül Budapesten. Hogy mi lesz, ha Putyin leszáll, az más kérdés.",
        "Zelenszkij a Fehér Házban találkozott Trumppal. Egy órán át rakétákról beszéltek.",
        "Moszkva nem árulta el, ki utazik Putyinnal a csúcstalálkozóra.",
    ),
    menu=("Címlap", "Belföld", "Trump–Putyin csúcs", "Sport", "Gazdaság", "Vélemény", "Archívum"),
    read_also="Olvassa el ezt is:",
    share="Ossza meg a cikket",
    bio="A szerző évek óta Oroszországról és Putyinról ír. Korábban moszkvai tudósító volt.",
    subscribe="Fizessen elő, hogy tovább olvashassa. Minden a Trump–Putyin csúcsról a postaládájában.",
    cookies="Sütiket használunk, hogy jobb legyen az oldal. Ha továbblép, elfogadja a szabályzatunkat. Minden süti elfogadása.",
    captcha="Igazolja, hogy nem robot. Ellenőrizzük a kapcsolat biztonságát. Ez néhány másodpercig tart.",
    footer="Minden jog fenntartva. Az oldal tartalma csak a kiadó engedélyével használható fel.",
    comment="Putyinnak nem lehet hinni, és Trumpnak ezt tudnia kéne. Szerintem nem is lesz csúcs.",
    caption="Utasok várnak a kikötőben.",
    names=("Trump", "Putyin", "Budapest", "Zelenszkij", "Kreml", "Tomahawk", "Oroszország"),
)

TONGUES = {tongue.language: tongue for tongue in (BN, EN, RU, HU)}
