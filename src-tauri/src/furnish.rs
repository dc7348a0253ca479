//! What is set up once the first page is there, so that nothing of it delays the window: the bar, the keys, the tray; and
//! what keeps them in step with the application.

use std::collections::{HashMap, HashSet};
use std::sync::Once;
use std::time::{Duration, Instant};

use api::{App, MessageState, MessageView, UiEvent, UiEventBody, WindowPlace};
use tauri::{AppHandle, Manager};
use tauri_plugin_autostart::ManagerExt;
use tauri_plugin_notification::NotificationExt;
use tokio::sync::broadcast::error::RecvError;

use crate::keys::{self, KeyEvent};
use crate::shell::{Shell, Talk};
use crate::summon::{Deed, perform, read};
use crate::{MAIN, bar, closing, notice, tray};

/// A desktop that has just begun may not have its tray yet.
const TRAY_COMES_LATE: Duration = Duration::from_secs(5);

static ONCE: Once = Once::new();

/// Sets all up, when the first page listens.
pub(crate) fn once(host: &AppHandle) {
    ONCE.call_once(|| {
        let host = host.clone();
        tauri::async_runtime::spawn(async move { set_up(&host).await });
    });
}

async fn set_up(host: &AppHandle) {
    let app = host.state::<App>().inner().clone();
    let events = app.events();
    if let Ok(settings) = app.settings().await {
        host.state::<Shell>().known().settings = settings;
    }
    let inside = host.clone();
    // Fails when the program ends.
    let _ = host.run_on_main_thread(move || on_main_thread(&inside));
    let autostart = host.autolaunch().is_enabled().ok();
    host.state::<Shell>().known().autostart = autostart;
    look_for_tray(host).await;
    let late = host.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(TRAY_COMES_LATE).await;
        look_for_tray(&late).await;
        be_seen(&late);
    });
    follow(host, events).await;
}

/// A program that was started without a window, and that nothing would ever show, shows it.
fn be_seen(host: &AppHandle) {
    let hidden = host.get_webview_window(MAIN).is_some_and(|window| !window.is_visible().unwrap_or(true));
    let shell = host.state::<Shell>();
    let ways_in = {
        let known = shell.known();
        closing::ways_in(known.tray, &known.keys)
    };
    if hidden && !ways_in && !shell.launcher.is_shown() {
        perform(host, Deed::Open(WindowPlace::AsItIs));
    }
}

async fn look_for_tray(host: &AppHandle) {
    let there = tray::is_there(host).await;
    host.state::<Shell>().known().tray = there;
    tell(host).await;
}

fn on_main_thread(host: &AppHandle) {
    let file = host.state::<crate::BarFile>().0.clone();
    if let Err(error) = bar::prepare(host, file) {
        tracing::warn!(%error, "there is no bar");
    }
    let (on_press, on_change) = (host.clone(), host.clone());
    let opened = keys::open(
        host,
        Box::new(move |event: KeyEvent| perform(&on_press, event.into())),
        Box::new(move |views| {
            on_change.state::<Shell>().known().keys = views;
            let host = on_change.clone();
            tauri::async_runtime::spawn(async move { tell(&host).await });
        }),
    );
    // It is set only here, once.
    let _ = host.state::<Shell>().keys.set(opened);
    hold_keys(host);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(deed) = read(arguments.iter().map(String::as_str)).deed {
        perform(host, deed);
    }
}

/// Takes the keys that the settings want.
pub(crate) fn hold_keys(host: &AppHandle) {
    let shell = host.state::<Shell>();
    let Some(keys) = shell.keys.get() else { return };
    let wanted = keys::wanted(&shell.known().settings.shortcuts);
    let views = keys.hold(&wanted);
    shell.known().keys = views;
    let host = host.clone();
    tauri::async_runtime::spawn(async move { tell(&host).await });
}

/// Tells the application how the program can be summoned.
pub(crate) async fn tell(host: &AppHandle) {
    let view = host.state::<Shell>().view();
    host.state::<App>().tell_summon(view).await;
}

/// What is remembered of replies between two events.
#[derive(Default)]
struct Replies {
    begun: HashMap<String, Instant>,
    conversations: HashSet<String>,
}

async fn follow(host: &AppHandle, mut events: tokio::sync::broadcast::Receiver<UiEvent>) {
    let mut replies = Replies::default();
    loop {
        match events.recv().await {
            Ok(event) => happened(host, &mut replies, event.body).await,
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "the window host fell behind"),
            Err(RecvError::Closed) => return,
        }
    }
}

async fn happened(host: &AppHandle, replies: &mut Replies, body: UiEventBody) {
    match body {
        UiEventBody::Settings { .. } => settings_changed(host).await,
        UiEventBody::Voice { voice } => {
            let talk = Talk {
                phase: voice.phase,
                muted: voice.muted,
                shows: voice.sharing.is_some(),
                key_down: false,
            };
            change(host, |known| {
                let key_down = known.voice.key_down && talk.is_on();
                known.voice = Talk { key_down, ..talk };
            });
        }
        UiEventBody::ConversationChanged { conversation } => {
            if conversation.replying {
                replies.conversations.insert(conversation.id);
            } else {
                replies.conversations.remove(&conversation.id);
            }
            change(host, |known| known.replying = replies.conversations.len());
        }
        UiEventBody::ConversationRemoved { id } => {
            replies.conversations.remove(&id);
            change(host, |known| known.replying = replies.conversations.len());
        }
        UiEventBody::Path { messages, .. } => {
            let begun = messages.iter().filter(|message| message.state == MessageState::Streaming);
            for message in begun {
                replies.begun.entry(message.id.clone()).or_insert_with(Instant::now);
            }
        }
        UiEventBody::Message { message, .. } if message.state != MessageState::Streaming => {
            if let Some(begun) = replies.begun.remove(&message.id) {
                ended(host, &message, begun.elapsed());
            }
        }
        _ => {}
    }
}

/// Changes what is known, and what the tray shows of it.
fn change(host: &AppHandle, change: impl FnOnce(&mut crate::shell::Known)) {
    let shell = host.state::<Shell>();
    let changed = {
        let mut known = shell.known();
        let before = (tray::Sign::of(&known), known.voice.is_on());
        change(&mut known);
        before != (tray::Sign::of(&known), known.voice.is_on())
    };
    if changed {
        let inside = host.clone();
        // Fails when the program ends.
        let _ = host.run_on_main_thread(move || tray::refresh(&inside));
    }
}

async fn settings_changed(host: &AppHandle) {
    let Ok(settings) = host.state::<App>().inner().clone().settings().await else { return };
    let shell = host.state::<Shell>();
    let before = std::mem::replace(&mut shell.known().settings, settings.clone());
    if before.shortcuts != settings.shortcuts {
        hold_keys(host);
    }
}

fn ended(host: &AppHandle, message: &MessageView, took: Duration) {
    let shell = host.state::<Shell>();
    let focused = host.get_webview_window(MAIN).is_some_and(|window| window.is_focused().unwrap_or_default());
    let said = {
        let known = shell.known();
        let in_sight = focused || shell.launcher.is_shown() || known.voice.is_on();
        notice::of(message, took, in_sight, known.settings.general.notify, &known.words)
    };
    let Some((title, text)) = said else { return };
    let mut notification = host.notification().builder().title(title);
    if !text.is_empty() {
        notification = notification.body(text);
    }
    if let Err(error) = notification.show() {
        tracing::info!(%error, "the system shows no notifications");
    }
}
