// Made from crates/api by `cargo xtask bindings`. Do not edit: change the Rust types instead.

/**
 * A failure as a sentence and, where something can be done about it, a code.
 */
export type ApiError = { 
/**
 * What the user interface may act on.
 */
code: ErrorCode, 
/**
 * What happened and what to do, in English. The user interface has its own words for codes it knows.
 */
message: string, 
/**
 * With the code `sound`: what exactly, where it is known.
 */
sound?: SoundReason, 
/**
 * Where the system has to allow it first and has a page for that.
 */
system_page?: SystemPage, };

/**
 * A file to be kept for a message. At most 32 MiB; pictures (PNG, JPEG, WebP, GIF) of at most 64 megapixels, of which 2048
 * pixels a side are kept; text of at most 512 KiB; PDF, of which the text of at most 200 pages is kept, or pictures of the
 * first eight pages where there is none.
 */
export type Attach = { 
/**
 * The conversation that it is for; none before one is begun.
 */
conversation: string | null, 
/**
 * What it is called; may be empty.
 */
name: string, 
/**
 * Its bytes, base64.
 */
data: string, };

/**
 * A file that is kept.
 */
export type Attached = { 
/**
 * What is to go with the message in its place: one for most files, or the pages of a document.
 */
attachments: Array<AttachmentView>, 
/**
 * Where a document was too long to be taken whole.
 */
part: PartOfDocument | null, 
/**
 * What has to be said about it beforehand: that the chosen model cannot see it, for example.
 */
caution: ApiError | null, };

/**
 * A kept file that is to go with a message.
 */
export type AttachedFile = { 
/**
 * The name of its content.
 */
content: string, 
/**
 * What it is called.
 */
name: string, };

/**
 * What an attached file is.
 */
export type AttachedKind = { "kind": "picture", 
/**
 * Pixels from left to right.
 */
width: number, 
/**
 * Pixels from top to bottom.
 */
height: number, } | { "kind": "text" };

/**
 * A file that is attached to a message, or waits to be.
 */
export type AttachmentView = { 
/**
 * The name of its content, to ask for it and to send it by.
 */
content: string, 
/**
 * What it is called; may be empty, as a pasted picture is.
 */
name: string, 
/**
 * For example `image/png`.
 */
media_type: string, 
/**
 * Its size as it is kept.
 */
bytes: number, 
/**
 * What it is.
 */
kind: AttachedKind, };

/**
 * One setting to be changed.
 */
export type ChangeSetting = { 
/**
 * For example `general.theme`.
 */
path: string, 
/**
 * The new value; null goes back to the default.
 */
value: unknown, };

/**
 * A model to be used: for one conversation, or from now on for all that have none of their own.
 */
export type ChooseModel = { 
/**
 * Which conversation; none for the setting.
 */
conversation: string | null, 
/**
 * A model's id, or `server:ID`; none goes back to the setting.
 */
model: string | null, };

/**
 * How turns are to be taken.
 */
export type ChooseVoiceMode = { 
/**
 * How.
 */
mode: VoiceMode, };

/**
 * Some conversations.
 */
export type ConversationPage = { 
/**
 * In the order in which they are shown.
 */
items: Array<ConversationSummary>, 
/**
 * Give this to get the next page; none when there is none.
 */
next: string | null, };

/**
 * A conversation in the list.
 */
export type ConversationSummary = { 
/**
 * Id.
 */
id: string, 
/**
 * Title; empty until one is known.
 */
title: string, 
/**
 * Kept on top.
 */
pinned: boolean, 
/**
 * Last change.
 */
updated: number, 
/**
 * The beginning of the last message, or, in a search, the passage found.
 */
snippet: string, 
/**
 * `[start, end)` pairs in `snippet`, counted in UTF-16 code units, that match a search.
 */
matches: Array<[number, number]>, 
/**
 * Whether a reply is being made in it now.
 */
replying: boolean, 
/**
 * Model or server it uses; none means the one chosen in the settings.
 */
model: string | null, };

/**
 * One conversation, as it is open in a window.
 */
export type ConversationView = { 
/**
 * The number of the last event that is contained here.
 */
seq: number, 
/**
 * Id.
 */
id: string, 
/**
 * Title; empty until one is known.
 */
title: string, 
/**
 * Kept on top.
 */
pinned: boolean, 
/**
 * Text typed and not sent.
 */
draft: string, 
/**
 * Model or server this conversation uses; none means the one chosen in the settings.
 */
model: string | null, 
/**
 * From the first message to the last of the branch shown.
 */
messages: Array<MessageView>, 
/**
 * Messages typed while a reply was being made, oldest first.
 */
queue: Array<QueuedView>, };

/**
 * How a download stands.
 */
export type DownloadState = { "kind": "running" } | { "kind": "checking" } | { "kind": "failed", 
/**
 * What happened and what to do.
 */
error: ApiError, };

/**
 * One model's download.
 */
export type DownloadView = { 
/**
 * The model's id.
 */
model: string, 
/**
 * How it stands.
 */
state: DownloadState, 
/**
 * Bytes here.
 */
done_bytes: number, 
/**
 * Bytes in all; none until known.
 */
total_bytes: number | null, 
/**
 * Bytes a second, smoothed.
 */
bytes_per_s: number, 
/**
 * Seconds left; none until known.
 */
seconds_left: number | null, };

/**
 * A message written anew; the old version stays as a branch.
 */
export type EditMessage = { 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * Which of the user's messages.
 */
message: string, 
/**
 * The new words.
 */
text: string, };

/**
 * The engine's state.
 */
export type EngineView = { "kind": "no_model" } | { "kind": "idle", 
/**
 * Name of the model.
 */
model: string, } | { "kind": "loading", 
/**
 * Name of the model.
 */
model: string, 
/**
 * 0..=1.
 */
progress: number, } | { "kind": "ready", 
/**
 * Name of the model.
 */
model: string, 
/**
 * Where it runs, for people.
 */
device: string, 
/**
 * Tokens the context holds.
 */
context_tokens: number, 
/**
 * Takes pictures.
 */
sees: boolean, } | { "kind": "restarting", 
/**
 * How it ended.
 */
reason: string, } | { "kind": "down", 
/**
 * What happened and what to do.
 */
error: ApiError, };

/**
 * What the user interface may act on. Everything it does not act on is `Other`.
 */
export type ErrorCode = "no_model" | "bad_model" | "cannot_see" | "prompt_too_long" | "out_of_memory" | "engine_gone" | "engine_degraded" | "engine_missing" | "server" | "network" | "disk_full" | "read_only" | "newer_version" | "not_found" | "settings" | "sound" | "bad_request" | "cancelled" | "other";

/**
 * A conversation to be written to a file in the user's downloads folder.
 */
export type Export = { 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * How.
 */
format: ExportFormat, };

/**
 * The form of an export.
 */
export type ExportFormat = "markdown" | "json";

/**
 * What is in a file.
 */
export type FileData = { 
/**
 * For example `image/jpeg`.
 */
media_type: string, 
/**
 * Its bytes, base64.
 */
data: string, };

/**
 * How well a model fits this machine.
 */
export type FitLevel = "fits" | "slow" | "will_not_fit" | "unknown";

/**
 * How well a model fits, with the numbers.
 */
export type FitView = { 
/**
 * The verdict.
 */
level: FitLevel, 
/**
 * Bytes of memory it needs, context included; none when not known.
 */
needs_bytes: number | null, 
/**
 * Bytes of memory there are.
 */
has_bytes: number, 
/**
 * Estimated tokens a second; none when not known.
 */
tokens_per_s: number | null, 
/**
 * The verdict as a sentence.
 */
sentence: string, };

/**
 * What a key that works in every program does.
 */
export type GlobalKey = "summon" | "talk" | "look";

/**
 * Whether a key that works in every program works.
 */
export type GlobalKeyState = { "kind": "off" } | { "kind": "works" } | { "kind": "taken", 
/**
 * One that is free.
 */
offer: string | null, } | { "kind": "given_by_system", 
/**
 * Empty when the system says nothing.
 */
trigger: string, } | { "kind": "impossible", 
/**
 * Why: a sentence.
 */
reason: string, };

/**
 * A key that works in every program.
 */
export type GlobalKeyView = { 
/**
 * What it does.
 */
key: GlobalKey, 
/**
 * The combination that the settings want, like `Alt+Space`; none: no key.
 */
combo: string | null, 
/**
 * Whether it works.
 */
state: GlobalKeyState, };

/**
 * What a page asks of the host it runs in.
 */
export type HostCall = { "kind": "hide_bar" } | { "kind": "fit_bar", 
/**
 * In CSS pixels.
 */
height: number, } | { "kind": "drag_bar" } | { "kind": "bar_holds", 
/**
 * A conversation that was begun there.
 */
conversation: string | null, 
/**
 * Files wait there to go with the next question, or are being chosen.
 */
files: boolean, } | { "kind": "open_window", 
/**
 * With this in it.
 */
at: WindowPlace, } | { "kind": "pause_keys", 
/**
 * They are given back to the system, or taken again.
 */
paused: boolean, } | { "kind": "set_autostart", 
/**
 * Begin with it.
 */
on: boolean, } | { "kind": "closing", 
/**
 * Stay without a window, or end; none: the window stays open.
 */
keep: boolean | null, } | { "kind": "region_ready" } | { "kind": "region_chosen", 
/**
 * Which; none: it was given up.
 */
part: StillPart | null, } | { "kind": "open_system_page", 
/**
 * Which.
 */
page: SystemPage, } | { "kind": "words", 
/**
 * The words.
 */
words: HostWords, };

/**
 * What a host tells the page in its window.
 */
export type HostOrder = { "kind": "bar_shown" } | { "kind": "bar_leaves" } | { "kind": "saw", 
/**
 * What.
 */
seen: Seen, } | { "kind": "unseen", 
/**
 * Why.
 */
error: ApiError, } | { "kind": "show", 
/**
 * What.
 */
place: WindowPlace, } | { "kind": "ask_about_closing" };

/**
 * Words in the user's language.
 */
export type HostWords = { 
/**
 * Tray: opens the window.
 */
open: string, 
/**
 * Tray: shows the bar.
 */
summon: string, 
/**
 * Tray: asks for a part of the screen.
 */
look: string, 
/**
 * Tray: begins a spoken conversation.
 */
talk: string, 
/**
 * Tray: ends it.
 */
end_talk: string, 
/**
 * Tray: closes the microphone.
 */
mute: string, 
/**
 * Tray: opens the microphone.
 */
unmute: string, 
/**
 * Tray: ends the program.
 */
quit: string, 
/**
 * Tray, how it stands: nothing goes on.
 */
idle: string, 
/**
 * Tray, how it stands: a reply is being made.
 */
replying: string, 
/**
 * Tray, how it stands: the microphone is open.
 */
listening: string, 
/**
 * Tray, how it stands: the microphone is muted.
 */
muted: string, 
/**
 * Tray, how it stands: the screen or a camera is shown.
 */
showing: string, 
/**
 * Tray: shows it no longer.
 */
stop_showing: string, 
/**
 * Notification: a reply has ended.
 */
answered: string, 
/**
 * Notification: a reply has failed.
 */
failed: string, };

/**
 * Conversations to be read in.
 */
export type Import = { 
/**
 * The text of an exported JSON file.
 */
json: string, };

/**
 * A GGUF file to be used where it is.
 */
export type ImportModel = { 
/**
 * Its path.
 */
path: string, };

/**
 * How many were read in.
 */
export type Imported = { 
/**
 * How many.
 */
conversations: number, };

/**
 * Which conversations to list.
 */
export type ListConversations = { 
/**
 * Words to search for in titles and messages; empty for all.
 */
query: string, 
/**
 * From a page's `next`.
 */
cursor: string | null, 
/**
 * At most so many, 1..=200.
 */
limit: number, };

/**
 * What is looked at.
 */
export type LookAt = "selection" | "clipboard" | "screen" | "window" | "region";

/**
 * Figures of one reply, shown on demand.
 */
export type MessageDetails = { 
/**
 * Tokens in the prompt.
 */
prompt_tokens: number, 
/**
 * Of these, tokens that were still in the KV cache.
 */
reused_tokens: number, 
/**
 * Tokens made.
 */
completion_tokens: number, 
/**
 * From sending to the first token, in milliseconds.
 */
first_token_ms: number, 
/**
 * Prompt tokens read a second.
 */
prefill_tokens_per_s: number, 
/**
 * Tokens made a second.
 */
decode_tokens_per_s: number, 
/**
 * Oldest messages the model was not shown because its context is full.
 */
dropped_messages: number, 
/**
 * Tokens the context holds; 0 where not known.
 */
context_tokens: number, 
/**
 * It ended because its allowance of tokens or the context was used up, not because all was said.
 */
cut_short: boolean, };

/**
 * How a message stands.
 */
export type MessageState = { "kind": "streaming" } | { "kind": "complete" } | { "kind": "stopped" } | { "kind": "interrupted" } | { "kind": "failed", 
/**
 * What happened and what to do.
 */
error: ApiError, };

/**
 * One message.
 */
export type MessageView = { 
/**
 * Id.
 */
id: string, 
/**
 * Who speaks.
 */
speaker: Speaker, 
/**
 * Text; Markdown when the model speaks.
 */
text: string, 
/**
 * The model's thoughts; empty when there are none.
 */
thinking: string, 
/**
 * How it stands.
 */
state: MessageState, 
/**
 * When it was begun.
 */
created: number, 
/**
 * Name of the model that made it.
 */
model: string | null, 
/**
 * Ids of the versions of this message (edits of a question, other replies), oldest first, itself among them.
 */
versions: Array<string>, 
/**
 * Figures; none until a reply has ended.
 */
details: MessageDetails | null, 
/**
 * What goes with it.
 */
attachments?: Array<AttachmentView>, };

/**
 * Where a model is.
 */
export type ModelPlace = { "kind": "available" } | { "kind": "installed", 
/**
 * Its folder or file.
 */
path: string, 
/**
 * Removing only forgets it: the file is the user's own.
 */
imported: boolean, } | { "kind": "broken", 
/**
 * What is wrong and what to do.
 */
problem: string, };

/**
 * One model.
 */
export type ModelView = { 
/**
 * Id, to be chosen by.
 */
id: string, 
/**
 * Name for people.
 */
name: string, 
/**
 * `chat`, `speech_to_text`, `text_to_speech`, …
 */
task: string, 
/**
 * Takes pictures.
 */
sees: boolean, 
/**
 * Takes sound.
 */
hears: boolean, 
/**
 * Parameters in thousands of millions; none when not known.
 */
parameters_b: number | null, 
/**
 * Bytes to download or on disk; none when not known.
 */
bytes: number | null, 
/**
 * SPDX id of its licence.
 */
licence: string, 
/**
 * Page with the licence or the model's description.
 */
homepage: string | null, 
/**
 * Comes with the first start.
 */
starter: boolean, 
/**
 * How it fits this machine.
 */
fit: FitView, 
/**
 * Where it is.
 */
place: ModelPlace, };

/**
 * The microphone, closed or open.
 */
export type MuteVoice = { 
/**
 * Nothing is heard.
 */
muted: boolean, };

/**
 * No arguments, or nothing to tell.
 */
export type Nothing = Record<symbol, never>;

/**
 * Something to be said once, as a card.
 */
export type Notice = { 
/**
 * Id, to dismiss it by.
 */
id: string, 
/**
 * What it is about.
 */
error: ApiError, };

/**
 * One attached file.
 */
export type OneAttachment = { 
/**
 * The name of its content.
 */
content: string, };

/**
 * One conversation.
 */
export type OneConversation = { 
/**
 * Which.
 */
conversation: string, };

/**
 * One message.
 */
export type OneMessage = { 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * Which message.
 */
message: string, };

/**
 * One model.
 */
export type OneModel = { 
/**
 * Its id.
 */
model: string, };

/**
 * One notice.
 */
export type OneNotice = { 
/**
 * Its id.
 */
notice: string, };

/**
 * One server.
 */
export type OneServer = { 
/**
 * Its id.
 */
server: string, };

/**
 * So much of a document was taken, from its beginning.
 */
export type PartOfDocument = { 
/**
 * Pages that were taken; of the last of them perhaps not all.
 */
read: number, 
/**
 * Pages that it has.
 */
pages: number, };

/**
 * What a picture shows.
 */
export type PictureOf = { "kind": "screen" } | { "kind": "window", 
/**
 * What its title bar says; may be empty.
 */
title: string, } | { "kind": "region", 
/**
 * Pixels of the screen, from left to right.
 */
width: number, 
/**
 * Pixels of the screen, from top to bottom.
 */
height: number, } | { "kind": "clipboard" };

/**
 * On top or not.
 */
export type Pin = { 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * On top.
 */
pinned: boolean, };

/**
 * A message that waits for the reply before it.
 */
export type QueuedView = { 
/**
 * Id, to take it back.
 */
id: string, 
/**
 * Text.
 */
text: string, 
/**
 * What goes with it.
 */
attachments?: Array<AttachmentView>, };

/**
 * A message to be read aloud.
 */
export type ReadAloud = { 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * Which message.
 */
message: string, };

/**
 * A new title.
 */
export type Rename = { 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * Title.
 */
title: string, };

/**
 * Text typed and not sent.
 */
export type SaveDraft = { 
/**
 * Which conversation; none before one is begun.
 */
conversation: string | null, 
/**
 * Text.
 */
text: string, };

/**
 * A server of the user's own.
 */
export type SaveServer = { 
/**
 * Id; none adds a new one.
 */
id: string | null, 
/**
 * Name for people.
 */
name: string, 
/**
 * For example `http://127.0.0.1:8080`.
 */
base_url: string, 
/**
 * The model asked for there.
 */
model: string, 
/**
 * A new key, kept in the system's keyring; none leaves the old one, an empty one removes it.
 */
key: string | null, };

/**
 * What was seen. It is shown before anything of it is sent.
 */
export type Seen = { "kind": "text", 
/**
 * Never empty.
 */
text: string, 
/**
 * The title of the window that it is in, where that is known.
 */
from: string | null, } | { "kind": "picture", 
/**
 * What it shows.
 */
of: PictureOf, 
/**
 * It.
 */
attached: Attached, };

/**
 * A message to send.
 */
export type Send = { 
/**
 * Where to; none begins a new conversation.
 */
conversation: string | null, 
/**
 * What.
 */
text: string, 
/**
 * The kept files that go with it.
 */
attachments?: Array<AttachedFile>, };

/**
 * Something that listens or looks.
 */
export type Sensor = "microphone" | "camera" | "screen";

/**
 * What a sensor is on for.
 */
export type SensorPurpose = "talk" | "check";

/**
 * A time in which a sensor was on.
 */
export type SensorUse = { 
/**
 * Its beginning, in milliseconds since 1970.
 */
from: number, 
/**
 * Its end; none while it is on.
 */
until: number | null, 
/**
 * Which device, by its name for people.
 */
device: string, 
/**
 * What for.
 */
purpose: SensorPurpose, };

/**
 * When one sensor was on since the application began.
 */
export type SensorView = { 
/**
 * Which.
 */
sensor: Sensor, 
/**
 * Newest first, the last few only. It is on now if the first has no end.
 */
uses: Array<SensorUse>, 
/**
 * How often it was on in all.
 */
times: number, 
/**
 * For how long in all, in milliseconds, without the time since it was last switched on if it is on.
 */
total_ms: number, };

/**
 * What listens or looks now, and what did since the application began. It is never written to disk.
 */
export type SensorsView = { 
/**
 * When the application began, in milliseconds since 1970.
 */
since: number, 
/**
 * Every sensor, those that were never on too.
 */
sensors: Array<SensorView>, };

/**
 * What became of a message.
 */
export type Sent = { 
/**
 * The conversation it went to.
 */
conversation: string, 
/**
 * Whether it waits for the reply that is being made.
 */
queued: boolean, };

/**
 * What a server said of itself.
 */
export type ServerReport = { 
/**
 * Models it offers.
 */
models: Array<string>, 
/**
 * What it seems to be: `llama-server`, `vLLM`, `Ollama`, `unknown`.
 */
kind: string, };

/**
 * A server of the user's own that speaks the OpenAI protocol.
 */
export type ServerView = { 
/**
 * Id; as a model it is chosen by `server:ID`.
 */
id: string, 
/**
 * Name for people.
 */
name: string, 
/**
 * For example `http://127.0.0.1:8080`.
 */
base_url: string, 
/**
 * The model asked for there.
 */
model: string, 
/**
 * Whether a key is kept for it.
 */
has_key: boolean, };

/**
 * One mistake in the settings file.
 */
export type SettingsProblemView = { 
/**
 * Which setting, e.g. `model.temperature`; empty when the file itself cannot be read.
 */
path: string, 
/**
 * Line in the file, from 1; 0 when not known.
 */
line: number, 
/**
 * What is wrong and what holds instead.
 */
message: string, };

/**
 * The settings as they hold now.
 */
export type SettingsView = { 
/**
 * Every setting by its path, e.g. `{"general": {"theme": "dark"}, "model": {…}}`.
 */
values: Record<string, Record<string, unknown>>, 
/**
 * The file.
 */
path: string, 
/**
 * What is wrong in it; the default holds instead.
 */
problems: Array<SettingsProblemView>, 
/**
 * Folder with the conversations.
 */
data_folder: string, 
/**
 * Folder with the models.
 */
models_folder: string, };

/**
 * What can be shared now.
 */
export type Sharable = { 
/**
 * Monitors, the main one first.
 */
screens: Array<SharableScreen>, 
/**
 * Windows of other programs, topmost first.
 */
windows: Array<SharableWindow>, 
/**
 * Cameras.
 */
cameras: Array<SharableCamera>, 
/**
 * The desktop asks in a dialog of its own which screen or window it is to be: the one screen and the one window that are
 * listed stand for all.
 */
desktop_asks: boolean, 
/**
 * Why there are no screens and windows in it.
 */
screen_problem: ApiError | null, 
/**
 * Why there are no cameras in it.
 */
camera_problem: ApiError | null, };

/**
 * A camera.
 */
export type SharableCamera = { 
/**
 * Which it is.
 */
camera: string, 
/**
 * What it calls itself.
 */
name: string, };

/**
 * A monitor.
 */
export type SharableScreen = { 
/**
 * Its number.
 */
screen: number, 
/**
 * What the system calls it.
 */
name: string, 
/**
 * Pixels from left to right.
 */
width: number, 
/**
 * Pixels from top to bottom.
 */
height: number, };

/**
 * A window.
 */
export type SharableWindow = { 
/**
 * Its number.
 */
window: number, 
/**
 * What its title bar says; may be empty.
 */
title: string, 
/**
 * The program it belongs to; may be empty.
 */
program: string, };

/**
 * Shares this in the spoken conversation that is on, in place of what is shared.
 */
export type ShareSight = { 
/**
 * What.
 */
what: SharedThing, };

/**
 * Something that can be shared.
 */
export type SharedThing = { "kind": "screen", 
/**
 * Its number, from the list; none is the one with the pointer.
 */
screen: number | null, } | { "kind": "window", 
/**
 * Its number, from the list.
 */
window: number, } | { "kind": "camera", 
/**
 * Its id, from the list; none is the first there is.
 */
camera: string | null, };

/**
 * What is shared now.
 */
export type SharingView = { 
/**
 * What.
 */
what: SharedThing, 
/**
 * Its name for people: a monitor's, a window's title, a camera's; may be empty.
 */
name: string, 
/**
 * It is looked at; before, it is being opened.
 */
on: boolean, 
/**
 * How many different pictures of it there were. With a higher number another one can be had.
 */
pictures: number, };

/**
 * Everything a fresh window needs.
 */
export type Snapshot = { 
/**
 * The number of the last event that is contained here.
 */
seq: number, 
/**
 * Version of the program.
 */
version: string, 
/**
 * `linux`, `macos` or `windows`.
 */
platform: string, 
/**
 * The first page of conversations: pinned first, then newest first.
 */
conversations: ConversationPage, 
/**
 * Text typed before any conversation was begun.
 */
draft: string, 
/**
 * Settings and what is wrong with their file.
 */
settings: SettingsView, 
/**
 * Every model of the catalogue and every one installed or imported.
 */
models: Array<ModelView>, 
/**
 * The user's own servers.
 */
servers: Array<ServerView>, 
/**
 * The engine's state.
 */
engine: EngineView, 
/**
 * Downloads that run or failed.
 */
downloads: Array<DownloadView>, 
/**
 * Things to be said, newest last.
 */
notices: Array<Notice>, 
/**
 * Whether the first-run pages should be shown.
 */
first_run: boolean, 
/**
 * The spoken conversation.
 */
voice: VoiceView, 
/**
 * What listened or looked since the application began.
 */
sensors: SensorsView, 
/**
 * How the program can be summoned.
 */
summon: SummonView, };

/**
 * A microphone or a loudspeaker.
 */
export type SoundDevice = { 
/**
 * What the settings `voice.microphone` and `voice.speaker` keep.
 */
name: string, 
/**
 * For people.
 */
label: string, 
/**
 * The system takes it when nothing else is said.
 */
is_default: boolean, };

/**
 * The devices there are.
 */
export type SoundDevices = { 
/**
 * Microphones.
 */
microphones: Array<SoundDevice>, 
/**
 * Loudspeakers and headphones.
 */
speakers: Array<SoundDevice>, };

/**
 * What is wrong with the sound. A user interface has its own words for each.
 */
export type SoundReason = { "kind": "no_microphone" } | { "kind": "no_speaker" } | { "kind": "not_there", 
/**
 * Its name.
 */
device: string, } | { "kind": "not_allowed" } | { "kind": "server_gone" } | { "kind": "busy", 
/**
 * Its name.
 */
device: string, } | { "kind": "no_format", 
/**
 * Its name.
 */
device: string, } | { "kind": "device_failed" } | { "kind": "only_zeros" } | { "kind": "clipping" } | { "kind": "recogniser_failed" } | { "kind": "voice_failed" };

/**
 * How a microphone or loudspeaker stands.
 */
export type SoundSide = { "kind": "closed" } | { "kind": "open", 
/**
 * Its name for people.
 */
device: string, } | { "kind": "lost", 
/**
 * The device that was in use before, by its name for people.
 */
device: string | null, 
/**
 * What happened and what to do.
 */
error: ApiError, };

/**
 * Who speaks.
 */
export type Speaker = "user" | "assistant";

/**
 * Begins a spoken conversation.
 */
export type StartVoice = { 
/**
 * Which conversation goes on by voice; none begins a new one with the first words.
 */
conversation: string | null, };

/**
 * A part of a still of the screen, in its pixels, counted from its upper left corner.
 */
export type StillPart = { 
/**
 * The left edge.
 */
x: number, 
/**
 * The upper edge.
 */
y: number, 
/**
 * To the right.
 */
width: number, 
/**
 * Downwards.
 */
height: number, };

/**
 * How this program can be summoned.
 */
export type SummonView = { "kind": "unavailable" } | { "kind": "available", 
/**
 * The keys that work in every program, each once.
 */
keys: Array<GlobalKeyView>, 
/**
 * There is a tray with our sign in it.
 */
tray: boolean, 
/**
 * It begins with the user's session; none where that cannot be arranged.
 */
autostart: boolean | null, };

/**
 * A page of the system's settings.
 */
export type SystemPage = "screen" | "keys" | "camera";

/**
 * A waiting message to be taken back.
 */
export type TakeBack = { 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * Which waiting message.
 */
queued: string, };

/**
 * The talk key.
 */
export type TalkKey = { 
/**
 * It went down, or up.
 */
down: boolean, };

/**
 * A server to be asked what it offers.
 */
export type TestServer = { 
/**
 * For example `http://127.0.0.1:8080`.
 */
base_url: string, 
/**
 * Key to try; none takes the kept one of `id`.
 */
key: string | null, 
/**
 * The server this is about, if it is a known one.
 */
id: string | null, };

/**
 * When things happened in the last turn, in milliseconds after the user's last voiced sound. None where it did not
 * happen or is not known.
 */
export type TurnTimingsView = { 
/**
 * The silence was noticed.
 */
silence_seen: number | null, 
/**
 * The words were final.
 */
transcript_final: number | null, 
/**
 * The end of the turn was believed.
 */
end_believed: number | null, 
/**
 * The model's first token came.
 */
first_token: number | null, 
/**
 * The first sound of the reply was made.
 */
first_audio: number | null, 
/**
 * The first sound left for the loudspeaker.
 */
first_sound: number | null, };

/**
 * One numbered event. Numbers rise by one; a gap means the stream was lost: take a new snapshot.
 */
export type UiEvent = { 
/**
 * Number.
 */
seq: number, 
/**
 * What happened.
 */
body: UiEventBody, };

/**
 * What happened.
 */
export type UiEventBody = { "kind": "conversation_changed", 
/**
 * As it is now.
 */
conversation: ConversationSummary, } | { "kind": "conversation_removed", 
/**
 * Which.
 */
id: string, } | { "kind": "path", 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * The last message that stays.
 */
after: string | null, 
/**
 * What follows it.
 */
messages: Array<MessageView>, } | { "kind": "reading", 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * Which message is to come.
 */
message: string, 
/**
 * Tokens read.
 */
done: number, 
/**
 * Tokens to read.
 */
total: number, } | { "kind": "delta", 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * Which message.
 */
message: string, 
/**
 * To be appended to its text.
 */
text: string, 
/**
 * To be appended to its thoughts.
 */
thinking: string, } | { "kind": "message", 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * As it is now.
 */
message: MessageView, } | { "kind": "queue", 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * Oldest first.
 */
queue: Array<QueuedView>, } | { "kind": "draft", 
/**
 * Which conversation.
 */
conversation: string, 
/**
 * The draft as it is now.
 */
text: string, 
/**
 * The files that were to go with those messages.
 */
attachments?: Array<AttachmentView>, } | { "kind": "engine", 
/**
 * As it is now.
 */
engine: EngineView, } | { "kind": "models", 
/**
 * All of them.
 */
models: Array<ModelView>, } | { "kind": "download", 
/**
 * As it stands.
 */
download: DownloadView, } | { "kind": "download_ended", 
/**
 * The model's id.
 */
model: string, } | { "kind": "settings", 
/**
 * As they are now.
 */
settings: SettingsView, 
/**
 * The user's own servers.
 */
servers: Array<ServerView>, } | { "kind": "notice", 
/**
 * What.
 */
notice: Notice, } | { "kind": "notice_gone", 
/**
 * Which.
 */
id: string, } | { "kind": "voice", 
/**
 * As it is now.
 */
voice: VoiceView, } | { "kind": "sensors", 
/**
 * All of them, as they are now.
 */
sensors: SensorsView, } | { "kind": "summon", 
/**
 * As it is now.
 */
summon: SummonView, } | { "kind": "voice_levels", 
/**
 * Levels.
 */
levels: VoiceLevels, };

/**
 * Live words of the user.
 */
export type VoiceCaption = { 
/**
 * Words that will not change.
 */
committed: string, 
/**
 * Words after them that may; shown dimmer.
 */
tentative: string, };

/**
 * A voice that can be chosen.
 */
export type VoiceChoice = { 
/**
 * What the setting `voice.voice` keeps.
 */
id: string, 
/**
 * For people.
 */
name: string, 
/**
 * Languages it speaks, its own first: `en`, `es`, `zh`.
 */
languages: Array<string>, };

/**
 * The levels of both voices, 0..=1 as a meter shows them.
 */
export type VoiceLevels = { 
/**
 * The microphone, after echo cancellation.
 */
user: number, 
/**
 * The loudspeaker.
 */
assistant: number, };

/**
 * How turns are taken.
 */
export type VoiceMode = "hands_free" | "push_to_talk";

/**
 * How the spoken conversation stands.
 */
export type VoicePhase = "off" | "starting" | "listening" | "hearing" | "thinking" | "speaking" | "contested" | "muted" | "no_microphone" | "waiting_for_key";

/**
 * The spoken conversation as it stands.
 */
export type VoiceView = { 
/**
 * How it stands.
 */
phase: VoicePhase, 
/**
 * While it is starting: for what.
 */
waits_for: VoiceWait | null, 
/**
 * Where its words go; none before the first.
 */
conversation: string | null, 
/**
 * The microphone is muted.
 */
muted: boolean, 
/**
 * How turns are taken.
 */
mode: VoiceMode, 
/**
 * The microphone.
 */
microphone: SoundSide, 
/**
 * The loudspeaker.
 */
speaker: SoundSide, 
/**
 * What the user is saying and is not yet a message.
 */
caption: VoiceCaption, 
/**
 * The message that is being spoken; its text grows as it is heard.
 */
speaking: string | null, 
/**
 * Something that does not work as it should, with what to do; the rest works.
 */
problem: ApiError | null, 
/**
 * The last reply's times.
 */
timings: TurnTimingsView | null, 
/**
 * What is shared.
 */
sharing: SharingView | null, };

/**
 * What a spoken conversation waits for before it begins.
 */
export type VoiceWait = "model" | "speech";

/**
 * The voices there are for speaking.
 */
export type Voices = { 
/**
 * Best first.
 */
voices: Array<VoiceChoice>, };

/**
 * Where in the window.
 */
export type WindowPlace = { "kind": "as_it_is" } | { "kind": "conversation", 
/**
 * Which.
 */
id: string, } | { "kind": "models" } | { "kind": "shortcuts" } | { "kind": "voice" };

/**
 * A file that was written.
 */
export type WrittenFile = { 
/**
 * Its path.
 */
path: string, };

export type Commands = {
  /** Everything a fresh window needs. */
  snapshot: { args: Nothing; reply: Snapshot };
  /** A page of conversations, or of those in which words were found. */
  list_conversations: { args: ListConversations; reply: ConversationPage };
  /** One conversation with its messages. */
  open_conversation: { args: OneConversation; reply: ConversationView };
  /** Sends a message, or queues it while a reply is being made. */
  send: { args: Send; reply: Sent };
  /** Keeps a file for a message that is to be sent. The model begins to look at a picture. */
  attach: { args: Attach; reply: Attached };
  /** Forgets a file that is not to be sent after all; one that a message has stays. */
  detach: { args: OneAttachment; reply: Nothing };
  /** A small picture of an attached one, at most 256 pixels a side. */
  thumbnail: { args: OneAttachment; reply: FileData };
  /** An attached file, as the model was shown it. */
  attached_file: { args: OneAttachment; reply: FileData };
  /** Stops the reply that is being made; what was made stays. */
  stop: { args: OneConversation; reply: Nothing };
  /** Writes one of the user's messages anew and makes a new reply. */
  edit: { args: EditMessage; reply: Nothing };
  /** Makes another reply in place of this one, or continues after a failed one. */
  regenerate: { args: OneMessage; reply: Nothing };
  /** Shows the branch of this version of a message. */
  switch_branch: { args: OneMessage; reply: Nothing };
  /** Takes back a message that waits. */
  take_back: { args: TakeBack; reply: Nothing };
  /** Gives a conversation a title. */
  rename: { args: Rename; reply: Nothing };
  /** Keeps a conversation on top, or no longer. */
  pin: { args: Pin; reply: Nothing };
  /** Deletes a conversation; it can be brought back. */
  delete: { args: OneConversation; reply: Nothing };
  /** Brings a deleted conversation back. */
  undelete: { args: OneConversation; reply: Nothing };
  /** Keeps what was typed and not sent. */
  save_draft: { args: SaveDraft; reply: Nothing };
  /** Writes a conversation to a file. */
  export: { args: Export; reply: WrittenFile };
  /** Reads conversations in. */
  import: { args: Import; reply: Imported };
  /** Chooses a model or a server. */
  choose_model: { args: ChooseModel; reply: Nothing };
  /** Begins or continues a download. */
  download_model: { args: OneModel; reply: Nothing };
  /** Stops a download; what is there stays for later. Also clears a failed one. */
  cancel_download: { args: OneModel; reply: Nothing };
  /** Removes a model's files, or forgets an imported one. */
  remove_model: { args: OneModel; reply: Nothing };
  /** Uses a GGUF file where it is. */
  import_model: { args: ImportModel; reply: OneModel };
  /** Starts the engine again after it gave up. */
  restart_engine: { args: Nothing; reply: Nothing };
  /** Changes one setting. */
  change_setting: { args: ChangeSetting; reply: Nothing };
  /** Opens the settings file in the user's editor. */
  open_settings_file: { args: Nothing; reply: Nothing };
  /** Ends the first-run pages for good. */
  finish_first_run: { args: Nothing; reply: Nothing };
  /** Adds or changes a server. */
  save_server: { args: SaveServer; reply: OneServer };
  /** Removes a server and its key. */
  remove_server: { args: OneServer; reply: Nothing };
  /** Asks a server what it offers. */
  test_server: { args: TestServer; reply: ServerReport };
  /** Dismisses a notice. */
  dismiss_notice: { args: OneNotice; reply: Nothing };
  /** Begins a spoken conversation: opens the microphone and makes the engines ready. How it goes is told in events. */
  /** Typed messages to its conversation are answered aloud. */
  start_voice: { args: StartVoice; reply: Nothing };
  /** Ends it: the microphone is closed, what was heard of a reply stays. */
  stop_voice: { args: Nothing; reply: Nothing };
  /** Closes or opens the microphone in a spoken conversation. */
  mute_voice: { args: MuteVoice; reply: Nothing };
  /** Chooses how turns are taken. */
  choose_voice_mode: { args: ChooseVoiceMode; reply: Nothing };
  /** The talk key went down or up. */
  talk_key: { args: TalkKey; reply: Nothing };
  /** Makes the reply that is heard stop. */
  stop_speaking: { args: Nothing; reply: Nothing };
  /** The microphones and loudspeakers there are. */
  sound_devices: { args: Nothing; reply: SoundDevices };
  /** The voices there are for speaking. */
  voices: { args: Nothing; reply: Voices };
  /** Opens the microphone for a meter, without a conversation; ends with `stop_voice`. */
  check_microphone: { args: Nothing; reply: Nothing };
  /** Plays a short tone. */
  play_test_tone: { args: Nothing; reply: Nothing };
  /** Reads a message aloud; `stop_speaking` ends it. */
  read_aloud: { args: ReadAloud; reply: Nothing };
  /** What can be shared in a spoken conversation. Looking does not open any camera. */
  sharable: { args: Nothing; reply: Sharable };
  /** Shares a screen, a window or a camera in the spoken conversation; ends with it. */
  share: { args: ShareSight; reply: Nothing };
  /** Shares nothing any more. */
  stop_sharing: { args: Nothing; reply: Nothing };
  /** What is shared as it is now: a small picture, at most 640 pixels a side. */
  shared_picture: { args: Nothing; reply: FileData };
};
