"""Words that say nothing about a note's subject.

The lists are jusText's (BSD-2), which trafilatura brings along: a hundred languages, most frequent
word first, counted in Wikipedia. The head of such a list is grammar; its tail holds words that are
merely common there ("music", "Schule", "agua") and would make good tags here, so only the head
rules a word out and the tail makes it count for less.

An encyclopaedia does not speak to itself, though. What notes are full of ("remind me", "morgen
noch anrufen") is added below for the languages the provider is meant for.
"""

from __future__ import annotations

import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path

# Read at the lists: by about here the last article, preposition and auxiliary has gone by.
_HEAD = 110

_LISTS = {
    "af": "Afrikaans", "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian",
    "bn": "Bengali", "bs": "Bosnian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh",
    "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "ga": "Irish", "gl": "Galician", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "is": "Icelandic",
    "it": "Italian", "ka": "Georgian", "kk": "Kazakh", "ko": "Korean", "lt": "Lithuanian",
    "lv": "Latvian", "mk": "Macedonian", "ml": "Malayalam", "mr": "Marathi", "ms": "Malay",
    "ne": "Nepali", "nl": "Dutch", "no": "Norwegian_Bokmal", "pa": "Western_Panjabi",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili",
    "ta": "Tamil", "te": "Telugu", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian",
    "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese",
}  # fmt: skip

# Pronouns and auxiliaries of the first and second person, the verbs and adverbs of errands, and
# greetings. Grammar that jusText's heads have as well is repeated where a reader would look for it.
_SPOKEN = {
    "en": """
        i i'm i've i'd i'll me my mine myself you you're you've you'll your yours yourself we we're
        we'll we've us our ours they're them it's its that's there's here's what's let's he's she's
        am is are was were be been being do does did doing done don't doesn't didn't isn't aren't
        wasn't weren't won't wouldn't can can't cannot could couldn't shall should shouldn't will
        would may might must have has had having haven't hasn't hadn't get gets got getting go goes
        going went gone come comes came coming take takes taking took make makes making made put
        let say says said tell told ask asked asking know knew think thought see saw seen look
        looks looking want wants wanted need needs needed like likes liked try tries tried trying
        use uses using used give gives gave given keep keeps kept find finds found help helps feel
        feels felt seem seems seemed become becomes turn turns turned leave leaves left happen
        happens happened mean means meant start starts started stop stops stopped begin begins
        call calls called buy buys bought bring brings brought send sends sent pick check remember
        remind forget fix pay wait waiting meet meets met talk talked read reads write wrote add
        adds added set sets run runs ran show shows showed work works worked working move moves
        moved follow follows allow allows allowed hold holds
        please thanks thank hello hi hey dear yes no not ok okay maybe perhaps probably really
        very quite rather just only even still already also too again soon later now then here
        there today tomorrow yesterday tonight morning afternoon evening week weeks weekend month
        months year years day days hour hours minute minutes time times always never often
        sometimes usually ever almost enough much many more most less least few lot lots bit some
        any every each all both none nothing something anything everything someone anyone everyone
        thing things stuff way ways kind sort one two three four five six seven eight nine ten
        first second third last next new old good better best bad worse worst big small great nice
        right wrong long short high low same other another such own able sure whole half part
        able about above across after against along among around as at because before behind below
        beside besides between beyond but by despite down during except for from if in inside into
        instead near of off on once onto or out outside over per since so than that the though
        through throughout till to toward towards under unless until up upon via what whatever
        when whenever where whether which while who whom whose why with within without yet etc
        this these those how however either neither nor am pm eg ie vs re asap fyi
        well far away back early late always together alone nearly hardly barely actually finally
        simply certainly clearly
        """,
    "de": """
        ich mich mir mein meine meinen meinem meiner meines du dich dir dein deine deinen deinem
        deiner sie ihr ihnen euch euer eure wir uns unser unsere unseren unserem unserer man
        bin bist sind seid war waren warst gewesen hab habe hast habt haben hatte hatten hätte
        hätten gehabt werde wirst werdet wurde würde würden kann kannst könnt könnte könnten muss
        musst müssen müsst musste müsste soll sollst sollen sollte sollten darf dürfen will willst
        wollen wollte möchte möchten mag mögen mach mache machst machen macht gemacht geh gehe
        gehen geht ging gegangen komm komme kommen kommt kam sag sagen sagt sagte gesagt weiß
        wissen wusste denke denken glaube glauben sehen sieht sah schauen schau nehmen nimm nimmt
        nahm geben gib gibt gab lassen lass lässt ließ bleiben bleibt finden findet fand
        brauche brauchen braucht kaufen kauf kaufe holen hol hole anrufen ruf rufen bringen bring
        schicken schreiben schreib lesen fragen frag bezahlen zahlen erinnern vergessen abholen
        besorgen erledigen prüfen klären planen warten treffen
        bitte danke hallo liebe lieber ja nein nicht kein keine keinen keinem keiner doch mal
        schon noch nur auch sehr ganz etwa eher fast wohl eben halt gleich bald später jetzt dann
        hier dort da heute morgen gestern abend abends mittag mittags früh morgens nachts woche
        wochen tag tage tagen monat monate monaten jahr jahre jahren stunde stunden minute
        minuten uhr zeit immer nie oft manchmal meistens wieder genug viel viele mehr meisten wenig
        weniger alles nichts etwas jemand niemand ding dinge sache sachen art teil beispiel
        ein eine einer eines einem einen eins zwei drei vier fünf sechs sieben acht neun zehn erste
        erster ersten zweite zweiten dritte letzte letzten nächste nächsten nächster neue neuer
        neues neuen alt alte alten gut gute guten besser beste besten schlecht groß große großen
        klein kleine kleinen schön richtig falsch lang lange kurz hoch tief gleiche andere anderen
        der die das den dem des dass daß ob wenn weil damit als wie wo was wer wen wem wessen warum
        wann wieso weshalb welche welcher welches und oder aber denn sondern sowie also deshalb
        deswegen trotzdem außerdem jedoch obwohl während bevor nachdem seit bis für mit ohne gegen
        um durch aus bei nach von vom zu zum zur an am auf in im ins über unter vor hinter neben
        zwischen wegen trotz ab pro je usw etc bzw evtl ggf inkl ca vielleicht eigentlich natürlich
        unbedingt leider endlich zuerst danach dabei dazu davon daran darauf dafür dagegen darum
        hat sich ist wird werden worden würde diese dieser dieses diesen diesem jede jeder jedes
        jeden jedem manche solche so zusammen allein gern gerne lieber hin her los weg
        """,
    "es": """
        yo me mi mis mí mío mía tú te tu tus ti tuyo usted ustedes él ella ellos ellas nos nosotros
        nuestro nuestra nuestros nuestras vosotros os vuestro le les lo la los las se su sus suyo
        soy eres es somos son era eras éramos eran fui fue fueron sido ser estoy estás está estamos
        están estaba estaban estar he has ha hemos han había habían haber hay tengo tienes tiene
        tenemos tienen tenía tuve tener hago haces hace hacen hice hizo hecho hacer voy vas va vamos
        van iba fuimos ir vengo viene venir digo dice dicen dijo decir quiero quieres quiere quieren
        quería querer puedo puedes puede podemos pueden podía podría poder debo debe deben debería
        deber sé sabe saben saber veo ve ven ver vi doy da dan dar pongo pone poner puse creo cree
        creer pienso pensar necesito necesita necesitamos necesitar gusta gustan gustaría
        comprar compra llamar llama llamo pagar pago recoger llevar traer enviar mandar pedir
        preguntar recordar olvidar escribir leer buscar revisar quedar quedamos hablar pasar dejar
        por favor gracias hola querido querida sí no ni también tampoco muy mucho mucha muchos
        muchas poco poca pocos pocas más menos tan tanto bastante demasiado casi solo sólo ya aún
        todavía ahora luego después antes pronto tarde temprano hoy mañana ayer noche mediodía
        semana semanas mes meses día días año años hora horas minuto minutos vez veces siempre nunca
        aquí ahí allí allá todo toda todos todas nada algo alguien nadie cada otro otra otros otras
        algún alguno alguna algunos algunas ningún ninguno ninguna cosa cosas tipo parte manera
        un una unos unas uno dos tres cuatro cinco seis siete ocho nueve diez primer primero primera
        segundo segunda último última próximo próxima nuevo nueva nuevos nuevas viejo vieja bueno
        buena buenos buenas bien mejor malo mala mal peor gran grande grandes pequeño pequeña largo
        que qué quien quién cual cuál cuando cuándo donde dónde como cómo cuanto cuánto porque por
        para pero sino aunque si mientras entonces así pues desde hasta hacia sobre bajo entre con
        contra sin según durante tras ante del al de en a e o u y el este esta esto estos estas ese
        esa eso esos esas aquel aquella mismo misma mismos mismas
        """,
    "fr": """
        je j'ai j'y me moi mon ma mes mien tu te toi ton ta tes il elle on nous notre nos vous votre
        vos ils elles leur leurs lui se soi son sa ses suis es est sommes êtes sont étais était
        étaient été être ai as a avons avez ont avais avait avaient eu avoir vais vas va allons
        allez vont aller fais fait font faisons faire peux peut pouvons peuvent pourrait pouvoir
        veux veut voulons veulent
        voudrais vouloir dois doit devons doivent devrait devoir sais sait savoir
        vois voit voir dit dis dire prends prend prendre mets met mettre viens vient venir faut
        acheter appeler payer chercher envoyer rappeler demander oublier penser écrire lire
        s'il plaît merci bonjour salut cher chère oui non ne pas plus moins très trop assez peu
        beaucoup encore déjà aussi seulement même toujours jamais souvent parfois bientôt maintenant
        puis alors ici là hier aujourd'hui demain matin midi soir nuit semaine semaines mois jour
        jours an ans année années heure heures minute minutes fois temps tout toute tous toutes rien
        quelque quelques chaque autre autres certain certains chose choses type partie un une des
        deux trois quatre cinq six sept huit neuf dix premier première deuxième dernier dernière
        prochain prochaine nouveau nouvelle nouveaux nouvelles vieux bon bonne bons bonnes bien
        mieux meilleur mauvais mal grand grande grands grandes petit petite petits petites
        que qui quoi quel quelle quels quelles dont où quand comment pourquoi combien parce car mais
        ou et donc or ni si comme lorsque pendant depuis jusque vers chez dans sur sous entre avec
        sans contre pour par avant après du de au aux le la les l' d' qu' ce cet cette ces ceci cela
        ça celui celle ceux c'est n'est d'un d'une qu'il qu'elle qu'on s'est y en à
        """,
    "it": """
        io mi me mio mia miei mie tu ti te tuo tua tuoi tue lui lei noi ci nostro nostra nostri voi
        vi vostro vostra loro si sé suo sua suoi sue sono sei è siamo siete ero era erano stato
        stata essere ho hai ha abbiamo avete hanno avevo aveva avuto avere faccio fai fa fanno fatto
        fare vado vai va andiamo vanno andare posso puoi può possiamo possono potrebbe potere voglio
        vuoi vuole vogliono vorrei volere devo devi deve dobbiamo devono dovrebbe dovere so sa
        sapere vedo vede vedere dico dice dire do dà dare prendo prendere metto mettere vengo viene
        venire bisogna serve comprare chiamare pagare cercare mandare ricordare chiedere pensare
        scrivere leggere
        per favore grazie ciao caro cara sì no non né anche molto molta molti molte poco poca pochi
        più meno tanto troppo abbastanza quasi solo già ancora sempre mai spesso presto tardi ora
        adesso poi dopo prima oggi domani ieri mattina pomeriggio sera notte settimana settimane
        mese mesi giorno giorni anno anni ora ore minuto minuti volta volte qui qua lì là tutto
        tutta tutti tutte niente nulla qualcosa qualcuno nessuno ogni altro altra altri altre cosa
        cose tipo parte modo un uno una due tre quattro cinque sei sette otto nove dieci primo
        secondo ultimo ultima prossimo prossima nuovo nuova nuovi nuove vecchio buono buona bene
        meglio migliore cattivo male grande grandi piccolo piccola che chi cui quale quali quando
        dove come perché quanto mentre ma o e però quindi allora se anche con senza contro per tra
        fra di a da in su il lo la i gli le del dello della dei degli delle al allo alla ai agli
        alle dal dalla dai nel nella nei nelle sul sulla sui questo questa questi queste quello
        quella quelli quelle stesso stessa
        """,
    "pt": """
        eu me mim meu minha meus minhas tu te ti teu tua você vocês ele ela eles elas nós nos nosso
        nossa nossos nossas lhe se si seu sua seus suas sou és é somos são era eram fui foi foram
        sido ser estou está estamos estão estava estar tenho tens tem temos têm tinha tive ter hei
        há houve haver faço faz fazem fiz fez feito fazer vou vais vai vamos vão ir venho vem vir
        digo diz disse dizer quero quer querem queria querer posso pode podemos podem poderia poder
        devo deve devem deveria dever sei sabe saber vejo vê ver dou dá dar preciso precisa
        precisamos precisar comprar ligar pagar buscar enviar mandar pedir lembrar esquecer pensar
        escrever ler
        por favor obrigado obrigada olá oi caro cara sim não nem também muito muita muitos muitas
        pouco pouca mais menos tão tanto bastante quase só apenas já ainda agora logo depois antes
        cedo tarde hoje amanhã ontem manhã noite semana semanas mês meses dia dias ano anos hora
        horas minuto minutos vez vezes sempre nunca aqui aí ali lá tudo todo toda todos todas nada
        algo alguém ninguém cada outro outra outros outras algum alguma alguns algumas nenhum coisa
        coisas tipo parte um uma uns umas dois duas três quatro cinco seis sete oito nove dez
        primeiro primeira segundo último última próximo próxima novo nova novos novas velho bom boa
        bons boas bem melhor mau má mal grande grandes pequeno pequena que quem qual quais quando
        onde como quanto porque porquê mas ou e se então assim desde até sobre entre com contra sem
        durante para por pelo pela do da dos das no na nos nas ao à aos às de em a o os as este esta
        isto esse essa isso aquele aquela mesmo mesma
        """,
    "nl": """
        ik mij me mijn jij je jou jouw u uw hij zij ze hem haar hun wij we ons onze jullie zich ben
        bent is zijn was waren geweest heb hebt heeft hebben had hadden gehad word wordt worden
        werd kan kun kunt kunnen kon konden moet moeten moest zal zult zullen zou zouden wil wilt
        willen wilde mag mogen doe doet doen deed gedaan ga gaat gaan ging kom komt komen kwam zeg
        zegt zeggen weet weten denk denken zie ziet zien neem nemen geef geven laat laten blijf
        blijven vind vinden nodig maak maakt maken kopen koop bellen bel betalen halen haal brengen
        sturen vragen schrijven lezen vergeten denken
        alstublieft graag bedankt dank hallo hoi beste ja nee niet geen wel ook nog al maar even
        heel erg zeer veel weinig meer meest minder bijna alleen samen weer nu dan straks later snel
        hier daar er vandaag morgen gisteren ochtend middag avond nacht week weken maand maanden
        jaar jaren dag dagen uur uren minuut minuten keer altijd nooit vaak soms alles niets iets
        iemand niemand ding dingen soort deel elk elke ieder iedere ander andere een één twee drie
        vier vijf zes zeven acht negen tien eerste tweede laatste volgende nieuw nieuwe oud oude
        goed goede beter best slecht groot grote klein kleine lang kort dat die dit deze wat wie
        waar wanneer waarom hoe welk welke of en want omdat als hoewel terwijl voor met zonder
        tegen om door uit bij naar van tot te ten ter aan op in over onder achter naast tussen
        wegens tijdens sinds per via de het
        """,
}

_EVERYWHERE = """
    monday tuesday wednesday thursday friday saturday sunday january february march april june july
    august september october november december mon tue wed thu fri sat sun jan feb mar apr jun jul
    aug sep sept oct nov dec
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag januar februar märz mai
    juni juli oktober dezember wochenende
    lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio julio
    agosto septiembre octubre noviembre diciembre
    lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril juin juillet août
    septembre octobre novembre décembre
    lunedì martedì mercoledì giovedì venerdì sabato domenica gennaio febbraio aprile maggio giugno
    luglio settembre ottobre dicembre
    segunda-feira terça-feira quarta-feira quinta-feira sexta-feira janeiro fevereiro março maio
    junho julho setembro outubro novembro dezembro
    mr mrs ms dr prof herr frau herrn hr señor señora sr sra don doña mme mlle monsieur madame sig
    signor signora senhor senhora mevrouw meneer
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag januari februari maart mei augustus
"""


@dataclass(frozen=True, slots=True)
class StopWords:
    """Two sets of lower-case words: `never` in a tag; in a tag only for want of a `rare`r one."""

    never: frozenset[str]
    common: frozenset[str]


@functools.cache
def stop_words(language: str | None) -> StopWords:
    """The words of `language` (ISO 639-1); for None or one without a list, of the main seven."""
    if language in _LISTS:
        ranked = _ranked(language)
        own = _SPOKEN.get(language, "")
        never = {*ranked[:_HEAD], *own.split(), *_EVERYWHERE.split()}
        return StopWords(frozenset(never), frozenset(ranked))
    each = [stop_words(code) for code in _SPOKEN]
    return StopWords(
        frozenset().union(*(words.never for words in each)),
        frozenset().union(*(words.common for words in each)),
    )


def _ranked(language: str) -> list[str]:
    """jusText's list, most frequent first. Empty where jusText is not installed.

    Found by its place rather than imported: importing it would load lxml, and only for a text file.
    """
    package = importlib.util.find_spec("justext")
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder, "stoplists", f"{_LISTS[language]}.txt")
        if path.is_file():
            words = path.read_text(encoding="utf-8").lower().split()
            # The lists were cut at spaces alone, so that "wurde." is in them beside "wurde".
            return list(dict.fromkeys(word.strip('.,;:()"') for word in words))
    return []
