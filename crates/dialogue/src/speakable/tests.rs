use super::*;
use SpokenLanguage::{Chinese, English, Spanish};

#[track_caller]
fn check(language: SpokenLanguage, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(text, expect)| {
            let found = speakable(text, language).say;
            (found != *expect).then(|| format!("\n{text:?}\n  is   {found:?}\n  want {expect:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn english_figures() {
    check(
        English,
        &[
            ("I have 3 cats.", "I have three cats."),
            ("It costs $5.", "It costs five dollars."),
            ("It costs $1.", "It costs one dollar."),
            ("It costs $3.50.", "It costs three dollars and fifty cents."),
            ("only $0.99!", "only ninety-nine cents!"),
            ("$5 million", "five million dollars"),
            ("about €20", "about twenty euros"),
            ("£1,200", "one thousand two hundred pounds"),
            ("50% off", "fifty percent off"),
            ("12.5%", "twelve point five percent"),
            ("pi is 3.14159", "pi is three point one four one five nine"),
            (
                "1,234,567 people",
                "one million two hundred thirty-four thousand five hundred sixty-seven people",
            ),
            ("in 1984 and 2026", "in nineteen eighty-four and twenty twenty-six"),
            ("the 1st, 2nd and 23rd", "the first, second and twenty-third"),
            ("5 km away", "five kilometers away"),
            ("1 km", "one kilometer"),
            ("5km/h", "five kilometers per hour"),
            ("16 GB of RAM", "sixteen gigabytes of RAM"),
            ("-5°C outside", "minus five degrees Celsius outside"),
            ("72°F", "seventy-two degrees Fahrenheit"),
            ("5-7 days", "five to seven days"),
            ("1914–1918", "nineteen fourteen to nineteen eighteen"),
            ("10-20%", "ten to twenty percent"),
            ("1/2 cup", "one half cup"),
            ("1½ cups", "one and a half cups"),
            ("24/7 support", "twenty-four seven support"),
            ("version 1.2.10", "version one point two point ten"),
            ("1920x1080", "nineteen twenty by one thousand eighty"),
            ("10k users", "ten thousand users"),
            ("room 007", "room zero zero seven"),
            ("#5", "number five"),
            ("~30 minutes", "about thirty minutes"),
            ("5 in the morning", "five in the morning"),
            ("a 5-minute walk", "a five minute walk"),
            ("H2O and MP3", "H two O and MP three"),
            ("the 90s and 80's", "the nineties and eighties"),
            ("50%-60%", "fifty percent to sixty percent"),
            ("10:30-11:30", "ten thirty to eleven thirty"),
            ("18 – 20", "eighteen to twenty"),
            ("$5-$10", "five dollars to ten dollars"),
            ("3 1/2 cups", "three and a half cups"),
            ("4.5/5 stars", "four point five out of five stars"),
            ("1,000+ users", "one thousand plus users"),
            ("4%/yr", "four percent per year"),
            ("the 1990s", "the nineteen nineties"),
            ("2 + 2 = 4", "two plus two equals four"),
            ("5 - 3 = 2", "five minus three equals two"),
            ("3 * 4 > 10", "three times four is greater than ten"),
        ],
    );
}

#[test]
fn english_dates_and_times() {
    check(
        English,
        &[
            ("at 3:05 pm", "at three oh five PM"),
            ("at 3:00", "at three o'clock"),
            ("at 15:30.", "at fifteen thirty."),
            ("at 5 p.m. sharp", "at five PM sharp"),
            ("It opens at 5 p.m.", "It opens at five PM."),
            ("9am to 5pm", "nine AM to five PM"),
            ("on 2026-08-05.", "on August fifth, twenty twenty-six."),
            ("on 8/5/2026", "on August fifth, twenty twenty-six"),
            ("on August 5, 2026", "on August fifth, twenty twenty-six"),
            ("on Aug. 5", "on August fifth"),
            ("on 5 August", "on fifth August"),
            ("16:9", "sixteen to nine"),
            ("Call 555-123-4567.", "Call five five five, one two three, four five six seven."),
            ("+1 (555) 123-4567", "plus one, five five five, one two three, four five six seven"),
        ],
    );
}

#[test]
fn english_words_and_signs() {
    check(
        English,
        &[
            ("Dr. Smith vs. Mr. Jones, e.g. today", "Doctor Smith versus Mister Jones, for example today"),
            ("in the U.S. today", "in the US today"),
            ("salt & pepper", "salt and pepper"),
            ("and/or", "and or"),
            ("well-known, isn't it?", "well-known, isn't it?"),
            ("the cat (a big one) sat", "the cat, a big one, sat"),
            ("wait — what?", "wait, what?"),
            ("Well... maybe.", "Well, maybe."),
            ("\"Quoted\" 'words'", "Quoted words"),
            ("Great! 😀🎉", "Great!"),
            ("👨‍👩‍👧 family 🇪🇸 ❤️", "family"),
            ("see https://www.example.com/docs?q=1.", "see example dot com slash docs."),
            ("on github.com/rust-lang", "on github dot com slash rust dash lang"),
            ("write to ana@example.org!", "write to ana at example dot org!"),
            ("open /etc/hosts", "open slash etc slash hosts"),
            ("open C:\\Users\\notes.txt", "open C slash Users slash notes dot txt"),
            ("CO₂", "CO two"),
            ("now -- or never", "now, or never"),
            ("edit main.rs now", "edit main dot rs now"),
            ("No. 5", "number five"),
            ("No, thanks.", "No, thanks."),
            ("use x != y here", "use x is not equal to y here"),
            ("C++ or C#?", "C plus plus or C sharp?"),
            ("GPT-4o and COVID-19", "GPT four o and COVID nineteen"),
            ("$2.50/month", "two dollars and fifty cents per month"),
            ("x² + y³", "x squared plus y cubed"),
            ("10^6 runs", "ten to the power of six runs"),
            ("Call 911 now", "Call nine one one now"),
            ("`espeak-ng` works", "espeak ng works"),
            ("a -> b", "a to b"),
            ("Fish, chips, etc.", "Fish, chips, et cetera."),
            ("What?! Really!!", "What? Really!"),
            ("", ""),
            ("...", ""),
            ("🙂", ""),
        ],
    );
}

#[test]
fn markdown_is_silent() {
    check(
        English,
        &[
            ("**Bold** and *slanted*", "Bold and slanted"),
            ("## A heading\n", "A heading."),
            ("- an item\n", "an item."),
            ("2. Mix the flour\n", "two, Mix the flour."),
            ("> quoted", "quoted"),
            ("see [the book](https://x.org/a_b)", "see the book"),
            ("![a cat](cat.png)", "a cat"),
            ("call `get_user_name()` first", "call get user name first"),
            ("`parseHTMLDoc`", "parse HTML Doc"),
            ("run `cargo test --release`", "run cargo test dash release"),
            ("`x = 5`", "x equals five"),
            ("open `src/main.rs`", "open src slash main dot rs"),
            ("`std::fs`", "std fs"),
            ("a snake_case name", "a snake case name"),
            ("---\n", ""),
        ],
    );
}

#[test]
fn formulas() {
    check(
        English,
        &[
            ("$x^2 + 2$", "x squared plus two"),
            ("$E = mc^2$", "E equals m c squared"),
            ("$\\frac{a}{b}$", "a over b"),
            ("$\\sqrt{x} \\leq 3.5$", "the square root of x is at most three point five"),
            ("$f(x) = x^{10}$", "f of x equals x to the power of ten"),
            ("$x_1 \\times \\pi$", "x sub one times pi"),
            ("so \\(a \\neq b\\).", "so a is not equal to b."),
        ],
    );
    check(Spanish, &[("$x^2 + 2$", "x al cuadrado más dos")]);
    check(Chinese, &[("$x^2 + 2$", "x 的平方 加 二")]);
}

#[test]
fn spanish() {
    check(
        Spanish,
        &[
            ("Tengo 3 gatos.", "Tengo tres gatos."),
            ("Tengo 1 gato y 21 casas.", "Tengo un gato y veintiuna casas."),
            ("Son 1.234,5 metros", "Son mil doscientos treinta y cuatro coma cinco metros"),
            ("3,14 o 3.14", "tres coma catorce o tres punto catorce"),
            ("cuesta 5 €.", "cuesta cinco euros."),
            ("cuesta 3,50 €", "cuesta tres euros con cincuenta"),
            ("unos $20", "unos veinte dólares"),
            ("2 millones de euros", "dos millones de euros"),
            ("5 millones", "cinco millones"),
            ("el 50 % y 3%", "el cincuenta por ciento y tres por ciento"),
            ("a las 15:30", "a las quince y treinta"),
            ("a la 1:00", "a la una"),
            ("a las 3:30 p. m. en punto", "a las tres y media de la tarde en punto"),
            ("el 5/8/2026", "el cinco de agosto de dos mil veintiséis"),
            ("el 5 de agosto de 2026", "el cinco de agosto de dos mil veintiséis"),
            ("el 1.º y la 3ª", "el primero y la tercera"),
            ("5 km", "cinco kilómetros"),
            ("1 km", "un kilómetro"),
            ("1 h", "una hora"),
            ("-5 °C", "menos cinco grados Celsius"),
            ("5-7 días", "cinco a siete días"),
            ("el Sr. López y la Dra. Ruiz", "el señor López y la doctora Ruiz"),
            ("612 345 678", "seis uno dos, tres cuatro cinco, seis siete ocho"),
            ("¿Qué tal? ¡Bien!", "Qué tal? Bien!"),
            ("ana@example.es", "ana arroba example punto es"),
            ("1/2 kilo y 1/2 taza", "medio kilo y media taza"),
            ("1.000.000 €", "un millón de euros"),
            ("EE. UU. crece", "Estados Unidos crece"),
            ("200 personas y 100 libras", "doscientas personas y cien libras"),
            ("pan & vino", "pan y vino"),
        ],
    );
}

#[test]
fn chinese() {
    check(
        Chinese,
        &[
            ("我有3只猫。", "我有三只猫。"),
            ("两个人和2个人", "两个人和两个人"),
            ("2026年8月5日", "二零二六年八月五日"),
            ("圆周率是3.14。", "圆周率是三点一四。"),
            ("涨了50%", "涨了百分之五十"),
            ("一共¥5", "一共五元"),
            ("$20左右", "二十美元左右"),
            ("5km远", "五公里远"),
            ("气温-5°C", "气温负五摄氏度"),
            ("下午3:05", "下午三点零五分"),
            ("14:30开始", "十四点三十分开始"),
            ("3-5天", "三到五天"),
            ("请拨打13812345678。", "请拨打幺三八幺二三四五六七八。"),
            ("电话：010-12345678。", "电话；零幺零，幺二三四五六七八。"),
            ("第3章", "第三章"),
            ("用Rust写", "用Rust写"),
            ("用 Rust 写，很快！", "用Rust写，很快！"),
            ("**重要**：看这里", "重要；看这里"),
            ("1/2", "二分之一"),
            ("12000元", "一万两千元"),
            ("你好😀", "你好"),
        ],
    );
}

#[test]
fn blocks_are_announced() {
    assert_eq!(code_block("```rust\n", English).say, "Here is some Rust code; it is on the screen.");
    assert_eq!(code_block("```\n", English).say, "Here is some code; it is on the screen.");
    assert_eq!(code_block("```bash\n", Spanish).say, "Aquí tienes un comando; está en la pantalla.");
    assert_eq!(code_block("```python\n", Chinese).say, "Python代码在屏幕上。");
    let lines = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n";
    assert_eq!(
        table(lines, English).say,
        "Here is a table with two rows and two columns; it is on the screen."
    );
    assert_eq!(
        table(lines, Spanish).say,
        "Aquí tienes una tabla de dos filas y dos columnas; está en la pantalla."
    );
    assert_eq!(table(lines, Chinese).say, "这里有一个二行二列的表格，在屏幕上。");
}

#[test]
fn words_know_their_places() {
    let text = "It **costs** $3.50 at [Ana's](x)!";
    let found = speakable(text, English);
    let pairs: Vec<(&str, &str)> =
        found.words.iter().map(|word| (&found.say[word.say.clone()], &text[word.source.clone()])).collect();
    assert_eq!(
        pairs,
        [
            ("It", "It"),
            ("costs", "costs"),
            ("three dollars and fifty cents", "$3.50"),
            ("at", "at"),
            ("Ana's", "Ana's"),
        ]
    );
}

proptest::proptest! {
    /// No text makes it panic, and words are in order in both texts.
    #[test]
    fn any_text_can_be_read(text in "([ -~]|[0-9]{1,4}[.,:/%$€-]|[áñ¿½°º—…年月日点，。😀\u{200d}\n]|\\*\\*|\\$|\\\\frac|`|https://|\\[a\\]\\(b\\)){0,24}") {
        for language in [English, Spanish, Chinese] {
            let found = speakable(&text, language);
            let (mut say, mut source) = (0, 0);
            for word in &found.words {
                proptest::prop_assert!(say <= word.say.start && word.say.start < word.say.end);
                proptest::prop_assert!(source <= word.source.start && word.source.start <= word.source.end);
                proptest::prop_assert!(text.get(word.source.clone()).is_some());
                (say, source) = (word.say.end, word.source.end);
            }
            proptest::prop_assert!(say <= found.say.len());
        }
    }
}
