//! The lists. Entries may be phrases; case and punctuation do not matter.

use std::sync::LazyLock;

/// Entries, taken apart as texts are.
pub(super) type List = Vec<Vec<String>>;

fn list(entries: &[&str]) -> List {
    entries.iter().map(|entry| super::pieces(entry)).collect()
}

/// "Go on, I am listening", and what recognisers make of a cough or a laugh.
#[rustfmt::skip]
pub(super) static BACKCHANNELS: LazyLock<List> = LazyLock::new(|| list(&[
    // English
    "uh huh", "uhhuh", "mhm", "mm", "mmm", "mm hmm", "mmhmm", "hm", "hmm", "hmmm", "yeah", "yea", "yeh", "ya", "yep",
    "yup", "yes", "okay", "ok", "okey", "k", "right", "sure", "i see", "got it", "gotcha", "ah", "aah", "oh", "ooh",
    "uh", "huh", "ha", "hah", "haha", "heh", "aha", "wow", "whoa", "cool", "nice", "great", "good", "exactly", "true",
    "alright", "all right", "of course", "really", "interesting", "indeed", "makes sense", "that makes sense", "go on",
    "go ahead", "no way", "no kidding", "no problem", "no worries", "fair enough", "absolutely", "totally",
    // Spanish
    "sí", "si", "ajá", "aja", "vale", "claro", "claro que sí", "bueno", "bien", "muy bien", "exacto", "correcto", "entiendo",
    "ya veo", "de acuerdo", "por supuesto", "cierto", "anda", "ay", "eso es", "perfecto", "genial", "jaja", "mjm",
    // Chinese
    "嗯", "嗯哼", "哦", "噢", "喔", "啊", "哎", "唉", "对", "对的", "对啊", "对对对", "好", "好的", "好吧", "好啊", "好了", "是", "是的",
    "是啊", "是吗", "行", "行吧", "没错", "不错", "可以", "明白", "明白了", "知道了", "我知道", "了解", "原来如此", "当然", "有道理",
    "哈", "呵", "真的", "真的吗", "这样", "这样啊", "没问题", "没关系", "不客气",
]));

/// Sounds made while thinking.
#[rustfmt::skip]
pub(super) static FILLERS: LazyLock<List> = LazyLock::new(|| list(&[
    "um", "umm", "uhm", "uh", "uhh", "er", "erm", "hmm", "hm", "mmm", "eh", "em", "ehm", "呃", "额", "嗯",
]));

/// What may stand before "stop".
pub(super) static SOFTENERS: LazyLock<List> =
    LazyLock::new(|| list(&["please", "hey", "sorry", "just", "oye", "por favor", "perdona", "请", "喂"]));

/// "Be quiet", at the beginning.
#[rustfmt::skip]
pub(super) static STOPS: LazyLock<List> = LazyLock::new(|| list(&[
    // English
    "stop", "wait", "no", "nope", "hold on", "hold it", "hang on", "pause", "enough", "that's enough", "that is enough",
    "quiet", "be quiet", "silence", "shut up", "shush", "cancel", "never mind", "nevermind", "one moment", "one second",
    "one sec", "a moment", "a second", "excuse me",
    // Spanish
    "para", "pará", "párate", "pare", "espera", "espere", "esperá", "alto", "basta", "detente", "calla", "cállate",
    "silencio", "un momento", "un segundo", "cancela", "déjalo", "ya basta",
    // Chinese
    "停", "停下", "停止", "等等", "等一下", "等一等", "等下", "等会", "不", "不是", "不对", "不要", "别", "别说了", "够了", "闭嘴", "安静",
    "打住", "慢着", "稍等", "暂停", "住口",
]));

/// Said alone, these ask to be given time.
#[rustfmt::skip]
pub(super) static ASKS_FOR_TIME: LazyLock<List> = LazyLock::new(|| list(&[
    "wait", "hold on", "hang on", "one moment", "one second", "one sec", "a moment", "a second", "just a moment",
    "just a second", "let me think", "let me see", "espera", "espere", "un momento", "un segundo", "a ver", "déjame ver",
    "déjame pensar", "等等", "等一下", "等一等", "等下", "稍等", "让我想想", "我想想",
]));

/// No sentence ends with these: articles, conjunctions, possessives.
#[rustfmt::skip]
pub(super) static NEVER_LAST: LazyLock<List> = LazyLock::new(|| list(&[
    "a", "an", "the", "and", "or", "but", "because", "if", "although", "unless", "whether", "than", "my", "your", "our",
    "their", "every", "into", "let's", "i'm", "we're", "you're", "they're", "i'll", "we'll", "i'd", "i've", "gonna",
    "y", "e", "o", "pero", "porque", "que", "el", "la", "los", "las", "un", "una", "unos", "unas", "mi", "tu", "su", "mis",
    "tus", "sus", "nuestro", "nuestra", "del", "al", "aunque",
    "和", "跟", "与", "以及", "但是", "可是", "不过", "因为", "如果", "而且", "或者", "还有", "然后", "那个", "就是", "比如", "比如说", "把", "被",
    "对于", "关于", "虽然",
]));

/// Only questions end with these: prepositions, and conjunctions that are question words too.
#[rustfmt::skip]
pub(super) static SELDOM_LAST: LazyLock<List> = LazyLock::new(|| list(&[
    "of", "to", "for", "with", "from", "at", "by", "about", "between", "during", "without", "against", "toward", "towards",
    "as", "since", "until", "while", "when", "where", "which", "whose", "his", "its", "these", "very", "not", "i", "we", "they",
    "de", "en", "con", "por", "para", "sin", "sobre", "desde", "hasta", "entre", "hacia", "según", "como", "cuando", "donde",
    "si", "muy", "cuyo",
    "在", "从", "向", "所以", "为了", "由于",
]));

/// Sentences end with these ("Yes, I am."), but words without any mark behind them seldom do.
#[rustfmt::skip]
pub(super) static UNSTOPPED_LAST: LazyLock<List> = LazyLock::new(|| list(&[
    "is", "are", "was", "were", "am", "be", "have", "has", "had", "will", "would", "can", "could", "should", "shall", "may",
    "might", "must", "do", "does", "did", "don't", "doesn't", "didn't", "isn't", "can't", "won't", "it's", "that's", "what's", "he", "she",
    "you", "so", "that", "this", "those", "some", "any", "in", "through", "under", "after", "before", "like", "well", "how",
    "es", "está", "están", "estoy", "soy", "era", "voy", "quiero", "puedo", "yo", "más", "tan", "se", "lo", "qué", "cuál",
    "是", "想", "要", "会", "能", "这个", "给", "很",
]));
