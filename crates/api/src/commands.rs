//! The commands, each handed to whoever does it: most to the core, what may take its time elsewhere.

use async_trait::async_trait;

use crate::app::App;
use crate::contract::{
    ApiError, Attach, Attached, ChangeSetting, ChooseModel, ChooseVoiceMode, Commands, ConversationPage,
    ConversationView, EditMessage, ErrorCode, Export, FileData, Import, ImportModel, Imported,
    ListConversations, MuteVoice, Nothing, OneAttachment, OneConversation, OneMessage, OneModel, OneNotice,
    OneServer, Pin, ReadAloud, Rename, SaveDraft, SaveServer, Send, Sent, ServerReport, Sharable, ShareSight,
    Snapshot, SoundDevices, StartVoice, TakeBack, TalkKey, TestServer, Voices, WrittenFile,
};
use crate::core::{Core, encoded};

/// The longest side of the picture of what is shared that is shown beside the conversation, pixels: 320 on a screen of
/// double density.
const PREVIEW_SIDE: u32 = 640;

#[async_trait]
impl Commands for App {
    async fn snapshot(&self, _: Nothing) -> Result<Snapshot, ApiError> {
        self.ask(Core::snapshot).await
    }

    async fn list_conversations(&self, args: ListConversations) -> Result<ConversationPage, ApiError> {
        self.ask(move |core| core.list(&args)).await
    }

    async fn open_conversation(&self, args: OneConversation) -> Result<ConversationView, ApiError> {
        self.ask(move |core| core.open_conversation(&args.conversation)).await
    }

    async fn send(&self, args: Send) -> Result<Sent, ApiError> {
        self.ask(move |core| core.send(args)).await
    }

    async fn attach(&self, args: Attach) -> Result<Attached, ApiError> {
        let conversation = args.conversation.clone();
        let taken = self.files.take(args).await?;
        self.ask(move |core| core.on_attached(conversation.as_deref(), taken)).await
    }

    async fn detach(&self, args: OneAttachment) -> Result<Nothing, ApiError> {
        self.done(move |core| core.detach(&args)).await
    }

    async fn thumbnail(&self, args: OneAttachment) -> Result<FileData, ApiError> {
        self.files.thumbnail(&args).await
    }

    async fn attached_file(&self, args: OneAttachment) -> Result<FileData, ApiError> {
        self.files.whole(&args).await
    }

    async fn stop(&self, args: OneConversation) -> Result<Nothing, ApiError> {
        self.done(move |core| core.stop(&args.conversation)).await
    }

    async fn edit(&self, args: EditMessage) -> Result<Nothing, ApiError> {
        self.done(move |core| core.edit(&args)).await
    }

    async fn regenerate(&self, args: OneMessage) -> Result<Nothing, ApiError> {
        self.done(move |core| core.regenerate(&args)).await
    }

    async fn switch_branch(&self, args: OneMessage) -> Result<Nothing, ApiError> {
        self.done(move |core| core.switch_branch(&args)).await
    }

    async fn take_back(&self, args: TakeBack) -> Result<Nothing, ApiError> {
        self.done(move |core| core.take_back(&args.conversation, &args.queued)).await
    }

    async fn rename(&self, args: Rename) -> Result<Nothing, ApiError> {
        self.done(move |core| core.rename(&args.conversation, &args.title)).await
    }

    async fn pin(&self, args: Pin) -> Result<Nothing, ApiError> {
        self.done(move |core| core.pin(&args.conversation, args.pinned)).await
    }

    async fn delete(&self, args: OneConversation) -> Result<Nothing, ApiError> {
        self.done(move |core| core.delete(&args.conversation)).await
    }

    async fn undelete(&self, args: OneConversation) -> Result<Nothing, ApiError> {
        self.done(move |core| core.undelete(&args.conversation)).await
    }

    async fn save_draft(&self, args: SaveDraft) -> Result<Nothing, ApiError> {
        self.done(move |core| core.save_draft(&args)).await
    }

    async fn export(&self, args: Export) -> Result<WrittenFile, ApiError> {
        let path = self.ask(move |core| core.export(&args.conversation, args.format)).await?;
        Ok(WrittenFile { path: path.display().to_string() })
    }

    async fn import(&self, args: Import) -> Result<Imported, ApiError> {
        self.ask(move |core| core.import(&args.json)).await.map(|conversations| Imported { conversations })
    }

    async fn choose_model(&self, args: ChooseModel) -> Result<Nothing, ApiError> {
        self.done(move |core| core.choose_model(&args)).await
    }

    async fn download_model(&self, args: OneModel) -> Result<Nothing, ApiError> {
        self.done(move |core| core.download(&args.model)).await
    }

    async fn cancel_download(&self, args: OneModel) -> Result<Nothing, ApiError> {
        self.done(move |core| core.cancel_download(&args.model)).await
    }

    async fn remove_model(&self, args: OneModel) -> Result<Nothing, ApiError> {
        self.done(move |core| core.remove_model(&args.model)).await
    }

    async fn import_model(&self, args: ImportModel) -> Result<OneModel, ApiError> {
        self.ask(move |core| core.import_model(&args.path)).await.map(|model| OneModel { model })
    }

    async fn restart_engine(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::restart_engine).await
    }

    async fn change_setting(&self, args: ChangeSetting) -> Result<Nothing, ApiError> {
        self.done(move |core| core.change_setting(&args)).await
    }

    async fn open_settings_file(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::open_settings_file).await
    }

    async fn finish_first_run(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::finish_first_run).await
    }

    async fn save_server(&self, args: SaveServer) -> Result<OneServer, ApiError> {
        let key = args.key.clone();
        let server = self.ask(move |core| core.save_server(args)).await?;
        if let Some(key) = key {
            let caution = self.servers.keep_key(&server, &key).await?;
            let (id, has_key) = (server.clone(), !key.is_empty());
            self.done(move |core| core.key_changed(&id, has_key, caution)).await?;
        }
        Ok(OneServer { server })
    }

    async fn remove_server(&self, args: OneServer) -> Result<Nothing, ApiError> {
        let id = args.server.clone();
        self.done(move |core| core.remove_server(&id)).await?;
        self.servers.keep_key(&args.server, "").await?;
        Ok(Nothing {})
    }

    async fn test_server(&self, args: TestServer) -> Result<ServerReport, ApiError> {
        self.servers.probe(&args.base_url, args.id.as_deref(), args.key.as_deref()).await
    }

    async fn dismiss_notice(&self, args: OneNotice) -> Result<Nothing, ApiError> {
        self.done(move |core| {
            core.dismiss(&args.notice);
            Ok(())
        })
        .await
    }

    async fn start_voice(&self, args: StartVoice) -> Result<Nothing, ApiError> {
        self.done(move |core| core.start_voice(&args)).await
    }

    async fn stop_voice(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::stop_voice).await
    }

    async fn mute_voice(&self, args: MuteVoice) -> Result<Nothing, ApiError> {
        self.done(move |core| core.mute_voice(args.muted)).await
    }

    async fn choose_voice_mode(&self, args: ChooseVoiceMode) -> Result<Nothing, ApiError> {
        self.done(move |core| core.choose_voice_mode(args.mode)).await
    }

    async fn talk_key(&self, args: TalkKey) -> Result<Nothing, ApiError> {
        self.done(move |core| core.talk_key(args.down)).await
    }

    async fn stop_speaking(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::stop_speaking).await
    }

    async fn sound_devices(&self, _: Nothing) -> Result<SoundDevices, ApiError> {
        self.speech.devices().await
    }

    async fn voices(&self, _: Nothing) -> Result<Voices, ApiError> {
        self.speech.voices().await
    }

    async fn check_microphone(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::check_microphone).await
    }

    async fn play_test_tone(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::play_test_tone).await
    }

    async fn read_aloud(&self, args: ReadAloud) -> Result<Nothing, ApiError> {
        self.done(move |core| core.read_aloud(&args)).await
    }

    async fn sharable(&self, _: Nothing) -> Result<Sharable, ApiError> {
        let sights = self.sights.clone();
        tokio::task::spawn_blocking(move || sights.list()).await.map_err(|_| unseen())
    }

    async fn share(&self, args: ShareSight) -> Result<Nothing, ApiError> {
        self.done(move |core| core.share(args)).await
    }

    async fn stop_sharing(&self, _: Nothing) -> Result<Nothing, ApiError> {
        self.done(Core::stop_sharing).await
    }

    async fn shared_picture(&self, _: Nothing) -> Result<FileData, ApiError> {
        let nothing = || ApiError::new(ErrorCode::NotFound, "Nothing is shared.");
        let shared = self.eyes.shared().ok_or_else(nothing)?;
        let small = tokio::task::spawn_blocking(move || shared.small(PREVIEW_SIDE)).await;
        Ok(encoded("image/jpeg", &small.map_err(|_| unseen())??))
    }
}

fn unseen() -> ApiError {
    ApiError::new(ErrorCode::Other, "What is on the screen cannot be seen. Try again.")
}
