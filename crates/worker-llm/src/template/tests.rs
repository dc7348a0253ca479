use super::*;

/// In the manner of Qwen 3: knows thinking, drops nothing.
const THINKER: &str = "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\n' + message.content + \
                       '<|im_end|>\n' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' \
                       }}{%- if enable_thinking is defined and enable_thinking is false %}{{- \
                       '<think>\n\n</think>\n\n' }}{%- endif %}{%- endif %}";

/// In the manner of Gemma 2: refuses a system message, insists on turns, trims.
const STRICT: &str = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not \
                      supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != \
                      (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate') }}{% endif \
                      %}{% if message['role'] == 'assistant' %}{% set role = 'model' %}{% else %}{% set role = \
                      message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + \
                      '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% \
                      endif %}";

fn message(line: &str) -> ChatMessage {
    let (role, text) = line.split_once(':').unwrap();
    let role = match role {
        "s" => Role::System,
        "u" => Role::User,
        _ => Role::Assistant,
    };
    ChatMessage::new(role, text)
}

/// The prompt's text, words in `«»`.
fn text(template: &ChatTemplate, lines: &[&str], thinking: Thinking) -> String {
    let messages: Vec<ChatMessage> = lines.iter().map(|line| message(line)).collect();
    segments_text(template.render(&messages.iter().collect::<Vec<_>>(), thinking).unwrap())
}

fn segments_text(segments: Vec<Segment<'_>>) -> String {
    segments
        .into_iter()
        .map(|segment| match segment {
            Segment::Template(text) => text,
            Segment::Words { text, .. } => format!("«{text}»"),
            Segment::Picture(image) => format!("[{}]", image.width()),
        })
        .collect()
}

#[track_caller]
fn check(source: &str, lines: &[&str], expect: &str) {
    let template = ChatTemplate::new(source, "<bos>", "<eos>").unwrap();
    assert_eq!(text(&template, lines, Thinking::Auto), expect);
}

#[test]
fn words_stand_apart_from_the_template() {
    check(
        CHATML,
        &["s:Be kind.", "u:Hi <|im_end|>"],
        "<|im_start|>system\n«Be kind.»<|im_end|>\n<|im_start|>user\n«Hi <|im_end|>»<|im_end|>\n<|im_start|>assistant\n",
    );
}

/// In the manner of SmolVLM: takes nothing but parts.
const PARTS: &str = "{% for message in messages %}{{ message['role'] | capitalize }}: {% for line in \
                     message['content'] %}{% if line['type'] == 'text' %}{{ line['text'] }}{% elif line['type'] == \
                     'image' %}<image>{% endif %}{% endfor %}<end>{% endfor %}{% if add_generation_prompt \
                     %}Assistant:{% endif %}";

#[test]
fn a_template_that_takes_parts_is_given_parts() {
    check(PARTS, &["s:Be kind.", "u:Hi"], "System: «Be kind.»<end>User: «Hi»<end>Assistant:");
}

/// The prompt's text, with a picture of this width in every message of the user.
fn shown(source: &str, lines: &[&str], widths: &[u32]) -> String {
    let template = ChatTemplate::new(source, "<bos>", "<eos>").unwrap();
    let mut messages: Vec<ChatMessage> = lines.iter().map(|line| message(line)).collect();
    let users = messages.iter_mut().filter(|message| message.role == Role::User);
    for (message, &width) in users.zip(widths) {
        let image = Image::new(width, 1, vec![0; width as usize * 3]).unwrap();
        message.media.push(engine::Media::Image(image));
    }
    segments_text(template.render(&messages.iter().collect::<Vec<_>>(), Thinking::Auto).unwrap())
}

#[test]
fn pictures_stand_before_the_words_of_their_message() {
    assert_eq!(
        shown(PARTS, &["u:What?", "a:A cat.", "u:And this?"], &[1, 2]),
        "User: [1]«What?»<end>Assistant: «A cat.»<end>User: [2]«And this?»<end>Assistant:"
    );
    assert_eq!(shown(PARTS, &["u:"], &[3]), "User: [3]<end>Assistant:", "without words");
}

#[test]
fn pictures_stand_behind_instructions_and_between_joined_questions() {
    assert_eq!(
        shown(STRICT, &["s:Be kind.", "u: Hi "], &[1]),
        "<bos><start_of_turn>user\n«Be kind.\n\n»[1]« Hi»<end_of_turn>\n<start_of_turn>model\n"
    );
    assert_eq!(
        shown(STRICT, &["u:One", "u:Two"], &[1, 2]),
        "<bos><start_of_turn>user\n[1]«One\n\n»[2]«Two»<end_of_turn>\n<start_of_turn>model\n"
    );
}

#[test]
fn a_refused_system_message_goes_into_the_first_message() {
    check(
        STRICT,
        &["s:Be kind.", "u:Hi", "a:Hello", "u:Bye"],
        "<bos><start_of_turn>user\n«Be kind.\n\nHi»<end_of_turn>\n<start_of_turn>model\n«Hello»<end_of_turn>\n\
         <start_of_turn>user\n«Bye»<end_of_turn>\n<start_of_turn>model\n",
    );
}

#[test]
fn a_dropped_system_message_goes_into_the_first_message_too() {
    let source = "{% for m in messages if m.role != 'system' %}[{{ m.content }}]{% endfor %}";
    check(source, &["s:Be kind.", "u:Hi"], "[«Be kind.\n\nHi»]");
}

#[test]
fn two_questions_in_a_row_become_one_where_turns_are_strict() {
    check(
        STRICT,
        &["u:Hi", "u:There?"],
        "<bos><start_of_turn>user\n«Hi\n\nThere?»<end_of_turn>\n<start_of_turn>model\n",
    );
}

#[test]
fn words_are_trimmed_where_the_template_trims() {
    check(STRICT, &["u: Hi \n"], "<bos><start_of_turn>user\n«Hi»<end_of_turn>\n<start_of_turn>model\n");
    check("{% for m in messages %}{{ m.content }}|{% endfor %}", &["u: Hi \n"], "« Hi \n»|");
}

#[test]
fn an_assistants_beginning_is_continued() {
    check(
        CHATML,
        &["u:Count", "a:One, two"],
        "<|im_start|>user\n«Count»<|im_end|>\n<|im_start|>assistant\n«One, two»",
    );
    check(CHATML, &["u:Count", "a:"], "<|im_start|>user\n«Count»<|im_end|>\n<|im_start|>assistant\n");
}

#[test]
fn an_empty_message_is_empty_for_the_template() {
    check(
        "{% for m in messages %}{% if m.content %}[{{ m.content }}]{% endif %}{% endfor %}",
        &["u:", "u:b"],
        "[«b»]",
    );
}

#[test]
fn thinking_can_be_switched_off_where_the_template_knows_how() {
    let template = ChatTemplate::new(THINKER, "", "").unwrap();
    assert_eq!(template.tags(), [Tags::new("<think>", "</think>")]);
    assert_eq!(
        text(&template, &["u:Hi"], Thinking::Off),
        "<|im_start|>user\n«Hi»<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    );
    assert!(!text(&template, &["u:Hi"], Thinking::Auto).contains("<think>"));
}

#[test]
fn a_template_cannot_look_into_words() {
    let source = "{% for m in messages %}{{ m.content.split('</think>')[-1] }};{% endfor %}";
    check(source, &["u:about </think> it"], "«about </think> it»;");
}

#[test]
fn python_and_training_idioms_work() {
    check(
        "{%- for m in messages -%}{% generation %}{{ m['content'].strip() }}{% endgeneration %}{%- endfor -%}\
         {{ messages[0].get('name', 'x') }}{{ [1, 2] | tojson }}{{ messages | length }}",
        &["u: a "],
        "«a»x[1, 2]1",
    );
    let dated = ChatTemplate::new("{{ strftime_now('%Y') }}{{ messages[0].content }}", "", "").unwrap();
    assert!(text(&dated, &["u:x"], Thinking::Auto).starts_with("20"));
}

#[test]
fn no_tools_is_said_as_the_template_wants_it() {
    let none = "{% if tools is not none %}tools{% endif %}{{ messages[0].content }}";
    check(none, &["u:x"], "«x»");
    let list =
        "{% if tools | length > 0 %}tools{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}";
    check(list, &["s:a", "u:x"], "«a»«x»");
}

#[test]
fn what_does_not_work_is_said_and_chatml_stands_in() {
    for broken in ["{% for %}", "{{ raise_exception('no') }}", "{{ messages[0].content | upper | length }}"] {
        assert!(ChatTemplate::new(broken, "", "").is_err(), "{broken}");
        let template = ChatTemplate::or_chatml(Some(broken), "", "");
        assert_eq!(
            text(&template, &["u:Hi"], Thinking::Auto),
            "<|im_start|>user\n«Hi»<|im_end|>\n<|im_start|>assistant\n"
        );
    }
    assert!(ChatTemplate::or_chatml(None, "", "").tags().is_empty());
}

/// Every template in the folder that `HARK_TEMPLATES` names has to work; for trying a collection by hand.
#[test]
fn templates_in_the_wild_work() {
    let Some(folder) = std::env::var_os("HARK_TEMPLATES") else {
        println!("skipped: HARK_TEMPLATES names no folder of templates");
        return;
    };
    let mut failed = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "jinja") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match ChatTemplate::new(&std::fs::read_to_string(&path).unwrap(), "<s>", "</s>") {
            Ok(template) => {
                let messages: Vec<ChatMessage> =
                    ["s:Be kind.", "u:Hi", "a:Hello", "u:Bye"].iter().map(|line| message(line)).collect();
                let rendered = template.render(&messages.iter().collect::<Vec<_>>(), Thinking::Off);
                println!("{name}: {:?} {:?}", template.system, template.tags);
                if let Err(error) = rendered {
                    failed.push(format!("{name}: {error}"));
                }
            }
            Err(error) => failed.push(format!("{name}: {error}")),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
