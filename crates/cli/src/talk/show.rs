//! What is to be shown in the conversation, found by the words on the command line.

use api::{App, Commands, Nothing, Sharable, ShareSight, SharedThing, StartVoice};

/// How a conversation begins.
pub(super) struct Beginning {
    pub(super) start: StartVoice,
    /// What is shown in it.
    pub(super) show: Option<SharedThing>,
}

impl Beginning {
    pub(super) async fn begin(self, app: &App) -> anyhow::Result<()> {
        app.start_voice(self.start).await?;
        if let Some(what) = self.show {
            app.share(ShareSight { what }).await?;
        }
        Ok(())
    }
}

/// What these words mean: `screen`, `window` or `camera`, each with `:` and a part of its name where there are several.
pub(super) async fn find(app: &App, words: &str) -> anyhow::Result<SharedThing> {
    let sharable = app.sharable(Nothing {}).await?;
    let (kind, name) = words.split_once(':').unwrap_or((words, ""));
    let found = match kind {
        "screen" => screen(&sharable, name),
        "window" => window(&sharable, name),
        "camera" => camera(&sharable, name),
        _ => anyhow::bail!("“{words}” cannot be shown. Say screen, window:TITLE or camera."),
    };
    let problem = if kind == "camera" { sharable.camera_problem } else { sharable.screen_problem };
    match (found, problem) {
        (Some(found), _) => Ok(found),
        (None, Some(problem)) => Err(problem.into()),
        (None, None) => {
            anyhow::bail!("There is no {kind} of that name. `hark look list` shows what there is.")
        }
    }
}

fn has(name: &str, part: &str) -> bool {
    name.to_lowercase().contains(&part.to_lowercase())
}

fn screen(there: &Sharable, name: &str) -> Option<SharedThing> {
    if name.is_empty() {
        return (!there.screens.is_empty()).then_some(SharedThing::Screen { screen: None });
    }
    let found = there.screens.iter().find(|it| has(&it.name, name))?;
    Some(SharedThing::Screen { screen: Some(found.screen) })
}

/// The topmost one that fits.
fn window(there: &Sharable, name: &str) -> Option<SharedThing> {
    let found = there.windows.iter().find(|it| has(&it.title, name) || has(&it.program, name))?;
    Some(SharedThing::Window { window: found.window })
}

fn camera(there: &Sharable, name: &str) -> Option<SharedThing> {
    let found = there.cameras.iter().find(|it| has(&it.name, name))?;
    Some(SharedThing::Camera { camera: Some(found.camera.clone()) })
}

#[cfg(test)]
mod tests {
    use api::{SharableCamera, SharableScreen, SharableWindow};

    use super::*;

    #[test]
    fn parts_of_names_are_enough() {
        let screen_named =
            |screen, name: &str| SharableScreen { screen, name: name.into(), width: 1, height: 1 };
        let window_named =
            |window, title: &str| SharableWindow { window, title: title.into(), program: "gedit".into() };
        let there = Sharable {
            screens: vec![screen_named(1, "HDMI-1"), screen_named(2, "eDP-1")],
            windows: vec![window_named(7, "notes.txt"), window_named(8, "Plot")],
            cameras: vec![SharableCamera { camera: "0".into(), name: "Integrated".into() }],
            ..Sharable::default()
        };
        assert_eq!(screen(&there, "edp"), Some(SharedThing::Screen { screen: Some(2) }));
        assert_eq!(screen(&there, ""), Some(SharedThing::Screen { screen: None }));
        assert_eq!(window(&there, "plot"), Some(SharedThing::Window { window: 8 }));
        assert_eq!(window(&there, "gedit"), Some(SharedThing::Window { window: 7 }));
        assert_eq!(camera(&there, ""), Some(SharedThing::Camera { camera: Some("0".into()) }));
        assert_eq!(screen(&there, "DP-7"), None);
        assert_eq!(window(&Sharable::default(), ""), None);
    }
}
