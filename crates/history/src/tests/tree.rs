//! Conversations, branches and lists.

use proptest::prelude::*;

use super::{Case, failure};
use crate::{
    ConversationId, History, HistoryError, ListPage, MessageId, MessageState, NewMessage, OpenOptions,
    ReplyEnd, Role, TimestampMs, Usage,
};

#[test]
fn a_new_conversation_is_empty() {
    let mut case = Case::new();
    let made = case.conversation();
    assert_eq!((made.title, made.pinned, made.head, made.draft.as_str()), (None, false, None, ""));
    assert!(case.h().path(made.id).unwrap().is_empty());
}

#[test]
fn what_is_said_is_there_after_reopening() {
    let mut case = Case::new();
    let (conversation, asked, answered) = case.exchange("A title", "A question", "An answer");
    case.reopen();
    let path = case.h().path(conversation.id).unwrap();
    assert_eq!(path.iter().map(|entry| &entry.message).collect::<Vec<_>>(), [&asked, &answered]);
    assert_eq!(path[0].message.role, Role::User);
    assert_eq!((path[1].message.role, &path[1].message.state), (Role::Assistant, &MessageState::Complete));
    assert_eq!(case.h().conversation(conversation.id).unwrap().title.as_deref(), Some("A title"));
}

#[test]
fn a_reply_grows_and_keeps_its_thinking_and_usage() {
    let mut case = Case::new();
    let conversation = case.conversation();
    let asked = case.say(&conversation, None, "?");
    let at = case.at();
    let reply = case.h().begin_reply(asked.id, Some("m"), at).unwrap();
    assert_eq!(reply.state, MessageState::Streaming);
    case.h().append_reply(reply.id, "", "hm").unwrap();
    case.h().append_reply(reply.id, "one", "").unwrap();
    case.h().append_reply(reply.id, " two", "").unwrap();
    let usage = Usage { prompt_tokens: 7, decode_tokens_per_s: 80.5, ..Usage::default() };
    case.h().finish_reply(reply.id, ReplyEnd::Stopped, Some(&usage), at).unwrap();
    let kept = case.h().message(reply.id).unwrap();
    assert_eq!((kept.text.as_str(), kept.thinking.as_str()), ("one two", "hm"));
    assert_eq!((kept.state, kept.usage), (MessageState::Stopped, Some(usage)));
}

#[test]
fn a_finished_reply_takes_nothing_more() {
    let mut case = Case::new();
    let conversation = case.conversation();
    let asked = case.say(&conversation, None, "?");
    let reply = case.reply(asked.id, "done");
    assert!(matches!(failure(case.h().append_reply(reply.id, "late", "")), HistoryError::NotStreaming));
    let again = case.h().finish_reply(reply.id, ReplyEnd::Interrupted, None, TimestampMs(9));
    assert!(matches!(failure(again), HistoryError::NotStreaming));
    assert_eq!(case.h().message(reply.id).unwrap(), reply);
}

#[test]
fn a_failure_keeps_its_reason() {
    let mut case = Case::new();
    let conversation = case.conversation();
    let asked = case.say(&conversation, None, "?");
    let reply = case.h().begin_reply(asked.id, None, TimestampMs(5)).unwrap();
    let end = ReplyEnd::Failed { reason: "The model ran out of memory.".to_owned() };
    case.h().finish_reply(reply.id, end.clone(), None, TimestampMs(6)).unwrap();
    assert_eq!(case.h().message(reply.id).unwrap().state, end.into());
}

#[test]
fn an_edit_keeps_the_old_branch() {
    let mut case = Case::new();
    let (conversation, asked, _) = case.exchange("t", "old question", "old answer");
    let edited = case.h().edit(asked.id, "new question", TimestampMs(2_000_000)).unwrap();
    assert_eq!(case.shown(&conversation), ["new question"]);
    let path = case.h().path(conversation.id).unwrap();
    assert_eq!((path[0].siblings.clone(), path[0].position), (vec![asked.id, edited.id], 1));
    case.h().switch_branch(asked.id, TimestampMs(2_000_001)).unwrap();
    assert_eq!(case.shown(&conversation), ["old question", "old answer"]);
}

#[test]
fn regenerating_makes_a_sibling_reply() {
    let mut case = Case::new();
    let (conversation, asked, answered) = case.exchange("t", "q", "first");
    let second = case.h().regenerate(answered.id, None, TimestampMs(2_000_000)).unwrap();
    case.h().append_reply(second.id, "second", "").unwrap();
    assert_eq!(case.shown(&conversation), ["q", "second"]);
    assert_eq!(case.h().path(conversation.id).unwrap()[1].siblings, [answered.id, second.id]);
    let below_a_question = case.h().regenerate(asked.id, None, TimestampMs(2_000_001)).unwrap();
    assert_eq!(below_a_question.parent, Some(asked.id));
}

#[test]
fn switching_back_shows_the_leaf_last_seen() {
    let mut case = Case::new();
    let (conversation, asked, first) = case.exchange("t", "q", "first");
    let second = case.reply(asked.id, "second");
    let below_first = case.say(&conversation, Some(first.id), "below first");
    let other_below_first = case.say(&conversation, Some(first.id), "newest below first");
    case.h().switch_branch(below_first.id, TimestampMs(1)).unwrap();
    case.h().switch_branch(second.id, TimestampMs(2)).unwrap();
    assert_eq!(case.h().switch_branch(first.id, TimestampMs(3)).unwrap(), below_first.id);
    assert_eq!(case.h().switch_branch(other_below_first.id, TimestampMs(4)).unwrap(), other_below_first.id);
    assert_eq!(case.shown(&conversation), ["q", "first", "newest below first"]);
}

#[test]
fn a_parent_in_another_conversation_is_refused() {
    let mut case = Case::new();
    let (_, asked, _) = case.exchange("t", "q", "a");
    let other = case.conversation();
    let strange = case.h().append_message(other.id, Some(asked.id), &NewMessage::user("x"), TimestampMs(1));
    assert!(matches!(failure(strange), HistoryError::NotFound { what: "message" }));
    assert_eq!(case.h().conversation(other.id).unwrap().head, None);
}

#[test]
fn what_is_not_there_is_said() {
    let mut case = Case::new();
    let nobody = ConversationId::new(TimestampMs(1));
    let nothing = MessageId::new(TimestampMs(1));
    let h = case.h();
    assert!(matches!(failure(h.conversation(nobody)), HistoryError::NotFound { what: "conversation" }));
    assert!(matches!(failure(h.path(nobody)), HistoryError::NotFound { .. }));
    assert!(matches!(failure(h.rename(nobody, None)), HistoryError::NotFound { .. }));
    assert!(matches!(failure(h.append_reply(nothing, "x", "")), HistoryError::NotFound { what: "message" }));
    assert!(matches!(failure(h.begin_reply(nothing, None, TimestampMs(1))), HistoryError::NotFound { .. }));
    let said = h.append_message(nobody, None, &NewMessage::user("x"), TimestampMs(1));
    assert!(matches!(failure(said), HistoryError::NotFound { what: "conversation" }));
}

#[test]
fn a_very_long_conversation_has_a_path() {
    let mut case = Case::new();
    let scale = crate::scale::Scale { conversations: 1, messages_each: 20_000 };
    crate::scale::fill(case.h(), scale).unwrap();
    let id = case.h().list(None, 1).unwrap().conversations[0].id;
    assert_eq!(case.h().path(id).unwrap().len(), 20_000);
    let first = case.h().path(id).unwrap()[0].message.id;
    case.h().switch_branch(first, TimestampMs(1)).unwrap();
    assert_eq!(case.h().path(id).unwrap().len(), 20_000);
}

#[test]
fn drafts_are_kept_with_and_without_a_conversation() {
    let mut case = Case::new();
    let conversation = case.conversation();
    case.h().save_draft(Some(conversation.id), "half a thought").unwrap();
    case.h().save_draft(None, "loose").unwrap();
    case.h().save_draft(None, "loose, changed").unwrap();
    case.reopen();
    assert_eq!(case.h().conversation(conversation.id).unwrap().draft, "half a thought");
    assert_eq!(case.h().loose_draft().unwrap(), "loose, changed");
}

fn titles(page: &ListPage) -> Vec<&str> {
    page.conversations.iter().map(|it| it.title.as_deref().unwrap_or("-")).collect()
}

#[test]
fn lists_come_in_pages_pinned_first_then_the_newest() {
    let mut case = Case::new();
    let made: Vec<_> = ["a", "b", "c", "d", "e"].map(|t| case.exchange(t, "q", "a\n\n**b**").0).into();
    case.h().set_pinned(made[1].id, true).unwrap();
    let first = case.h().list(None, 2).unwrap();
    assert_eq!(titles(&first), ["b", "e"]);
    let second = case.h().list(first.next, 2).unwrap();
    assert_eq!(titles(&second), ["d", "c"]);
    let third = case.h().list(second.next, 2).unwrap();
    assert_eq!((titles(&third), third.next), (vec!["a"], None));
    assert_eq!(first.conversations[0].snippet, "a **b**");
    case.say(&made[0], made[0].head, "again");
    assert_eq!(titles(&case.h().list(None, 9).unwrap()), ["b", "a", "e", "d", "c"]);
}

#[test]
fn conversations_of_the_same_instant_are_each_listed_once() {
    let mut case = Case::new();
    for _ in 0..7 {
        case.h().create_conversation(None, TimestampMs(5)).unwrap();
    }
    let mut seen = std::collections::HashSet::new();
    let mut after = None;
    loop {
        let page = case.h().list(after, 3).unwrap();
        seen.extend(page.conversations.iter().map(|it| it.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 7);
}

#[test]
fn a_deletion_can_be_taken_back_until_it_is_purged() {
    let mut case = Case::new();
    let (gone, ..) = case.exchange("secret plan", "unrepeatable words", "a");
    let (kept, ..) = case.exchange("kept", "q", "a");
    case.h().delete(gone.id, TimestampMs(10)).unwrap();
    assert_eq!(titles(&case.h().list(None, 9).unwrap()), ["kept"]);
    assert!(case.h().search("unrepeatable", 9).unwrap().is_empty());
    assert_eq!(case.h().deleted(9).unwrap()[0].id, gone.id);
    case.h().undelete(gone.id).unwrap();
    assert_eq!(titles(&case.h().list(None, 9).unwrap()), ["kept", "secret plan"]);
    assert_eq!(case.h().search("unrepeatable", 9).unwrap().len(), 1);
    case.h().delete(gone.id, TimestampMs(10)).unwrap();
    assert_eq!(case.h().purge_deleted(TimestampMs(10)).unwrap(), 0);
    assert_eq!(case.h().purge_deleted(TimestampMs(11)).unwrap(), 1);
    assert!(matches!(failure(case.h().messages(gone.id)), HistoryError::NotFound { .. }));
    assert_eq!(case.h().messages(kept.id).unwrap().len(), 2);
}

#[test]
fn purged_words_are_not_in_the_file() {
    let mut case = Case::new();
    let (gone, ..) = case.exchange("secret plan", "unrepeatable words", "a");
    let in_a_file = |case: &Case| {
        let files = std::fs::read_dir(case.folder.path()).unwrap().flatten();
        let texts = files.map(|file| std::fs::read(file.path()).unwrap());
        texts.into_iter().any(|bytes| bytes.windows(12).any(|it| it == b"unrepeatable"))
    };
    assert!(in_a_file(&case));
    case.h().delete(gone.id, TimestampMs(10)).unwrap();
    case.h().purge_deleted(TimestampMs(11)).unwrap();
    assert!(!in_a_file(&case));
}

#[test]
fn memory_histories_work_the_same() {
    let mut history = History::open(OpenOptions::memory()).unwrap();
    let it = history.create_conversation(Some("m"), TimestampMs(1)).unwrap();
    history.append_message(it.id, None, &NewMessage::user("hello there"), TimestampMs(2)).unwrap();
    assert_eq!(history.search("hello", 5).unwrap().len(), 1);
    assert!(history.reader().unwrap().is_none());
}

#[derive(Clone, Debug)]
enum Step {
    Say(usize),
    Reply(usize),
    Edit(usize),
    Regenerate(usize),
    Switch(usize),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<usize>().prop_map(Step::Say),
        4 => any::<usize>().prop_map(Step::Reply),
        2 => any::<usize>().prop_map(Step::Edit),
        2 => any::<usize>().prop_map(Step::Regenerate),
        4 => any::<usize>().prop_map(Step::Switch),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is done, nothing is lost and the shown path is a branch of the tree.
    #[test]
    fn any_sequence_keeps_the_tree_whole(steps in prop::collection::vec(step(), 1..40)) {
        let mut case = Case::new();
        let conversation = case.conversation();
        let first = case.say(&conversation, None, "first");
        let mut said: Vec<(MessageId, String)> = vec![(first.id, first.text)];
        for (n, step) in steps.into_iter().enumerate() {
            let text = format!("message {n}");
            let pick = |at: usize| said[at % said.len()].0;
            let at = TimestampMs(2_000_000 + i64::try_from(n).unwrap());
            let new = match step {
                Step::Say(i) => Some(case.say(&conversation, Some(pick(i)), &text).id),
                Step::Reply(i) => Some(case.reply(pick(i), &text).id),
                Step::Edit(i) => Some(case.h().edit(pick(i), &text, at).unwrap().id),
                Step::Regenerate(i) => {
                    let id = case.h().regenerate(pick(i), None, at);
                    // A first message that is an assistant's has no question to answer again.
                    id.ok().map(|it| { case.h().append_reply(it.id, &text, "").unwrap(); it.id })
                }
                Step::Switch(i) => {
                    let target = pick(i);
                    case.h().switch_branch(target, at).unwrap();
                    let path = case.h().path(conversation.id).unwrap();
                    prop_assert!(path.iter().any(|entry| entry.message.id == target));
                    None
                }
                Step::Reopen => { case.reopen(); None }
            };
            if let Some(id) = new {
                said.push((id, text));
                prop_assert_eq!(case.h().conversation(conversation.id).unwrap().head, Some(id));
            }
            let path = case.h().path(conversation.id).unwrap();
            prop_assert_eq!(path[0].message.parent, None);
            prop_assert!(path.windows(2).all(|two| two[1].message.parent == Some(two[0].message.id)));
            prop_assert!(path.iter().all(|entry| entry.siblings[entry.position] == entry.message.id));
            prop_assert_eq!(path.last().map(|it| it.message.id), case.h().conversation(conversation.id).unwrap().head);
            let all = case.h().messages(conversation.id).unwrap();
            prop_assert_eq!(all.iter().map(|it| (it.id, it.text.clone())).collect::<Vec<_>>(), said.clone());
            for entry in &path {
                let children = all.iter().filter(|it| it.parent == entry.message.parent).map(|it| it.id);
                prop_assert_eq!(&entry.siblings, &children.collect::<Vec<_>>());
            }
        }
    }
}
