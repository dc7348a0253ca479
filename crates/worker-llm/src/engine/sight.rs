//! How an engine looks at pictures: which it has, when it looks, what it reads of them.
//!
//! What always holds: a picture is looked at once for as long as it is in the gallery; a part of one is in the KV cache
//! as a whole or not at all; a cancelled look keeps the parts that were finished.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use engine::{
    CacheUse, ChatMessage, GenerateRequest, Image, ImageId, ImagePixels, JobError, MOST_PIXELS, Prepared,
};

use super::{Engine, Listener, Place, Read, count, failed, ms_since, refused};
use crate::gallery::Gallery;
use crate::layout::Layout;
use crate::load::STEP;
use crate::native::StepError;
use crate::projector::Projector;
use crate::units::{Glance, Unit};
use crate::watch::IsCancelled;

/// Pictures so many times as long as they are wide come out of mtmd's scaling with no width at all, and end the process.
/// (SmolVLM scales the long side to 2048 pixels, and cuts the short one off to whole pixels.)
const MOST_NARROW: u32 = 1024;

/// What a model sees with, and what it has seen.
pub(super) struct Sight {
    projector: Projector,
    gallery: Gallery,
    /// How the pictures of the job at hand are cut.
    layouts: HashMap<ImageId, Arc<Layout>>,
}

impl Sight {
    pub(super) fn new(projector: Projector) -> Self {
        Self { projector, gallery: Gallery::default(), layouts: HashMap::new() }
    }

    /// What a picture is in a prompt; nothing where its size was not looked at.
    pub(super) fn units(&self, image: &Image) -> Vec<Unit> {
        self.layouts.get(&image.id()).map_or_else(Vec::new, |layout| layout.units(image.id()))
    }

    /// Cells that a picture takes; none where its size was not looked at.
    pub(super) fn cells(&self, image: &Image) -> usize {
        self.layouts.get(&image.id()).map_or(0, |layout| layout.cells())
    }

    fn look_at_size(&mut self, image: &Image) -> Result<Arc<Layout>, JobError> {
        let (short, long) = (image.width().min(image.height()), image.width().max(image.height()));
        if short == 0 || long / short >= MOST_NARROW || u64::from(short) * u64::from(long) > MOST_PIXELS {
            let (width, height) = (image.width(), image.height());
            let reason =
                format!("A picture of {width} x {height} pixels cannot be looked at. Show a part of it.");
            return Err(JobError::BadRequest { reason });
        }
        let layout = self.projector.layout(image.width(), image.height()).ok_or_else(cannot_use)?;
        self.layouts.insert(image.id(), Arc::clone(&layout));
        Ok(layout)
    }

    /// Looks at one part of a picture, if that was not done before.
    fn look(
        &mut self,
        glance: Glance,
        needed: &[ImageId],
        is_cancelled: &IsCancelled,
    ) -> Result<(), StepError> {
        let Glance { image, part, .. } = glance;
        if self.gallery.part(image, part).is_some() {
            return Ok(());
        }
        let parts = self.layouts.get(&image).map_or(part + 1, |layout| layout.parts());
        let pixels = self.gallery.pixels(image).ok_or(StepError::Failed(-1))?;
        let numbers = self.projector.look(pixels, part, is_cancelled)?;
        self.gallery.remember(image, part, parts, numbers, needed);
        Ok(())
    }
}

impl Engine {
    /// Takes a picture's pixels, for the requests that name it.
    ///
    /// # Errors
    /// [`JobError::CannotSee`]; [`JobError::BadRequest`] when they are no picture.
    pub fn keep(&mut self, pixels: ImagePixels) -> Result<(), JobError> {
        pixels.check().map_err(|error| JobError::BadRequest { reason: error.to_string() })?;
        self.sight()?.gallery.keep(pixels);
        Ok(())
    }

    /// Looks at a picture in advance.
    ///
    /// # Errors
    /// [`JobError::CannotSee`]; [`JobError::Cancelled`], with what was done so far kept; [`JobError::BadRequest`] when
    /// its pixels are not here ([`Engine::missing`] says so before) or cannot be used.
    pub fn prepare_image(
        &mut self,
        image: &Image,
        listener: &mut dyn Listener,
    ) -> Result<Prepared, JobError> {
        let start = Instant::now();
        let is_cancelled = listener.is_cancelled();
        let sight = self.sight()?;
        let layout = sight.look_at_size(image)?;
        for unit in layout.units(image.id()) {
            let Unit::Glance(glance) = unit else { continue };
            if is_cancelled() {
                return Err(JobError::Cancelled);
            }
            sight.look(glance, &[image.id()], &is_cancelled).map_err(|error| match error {
                StepError::Aborted => JobError::Cancelled,
                _ => cannot_use(),
            })?;
        }
        Ok(Prepared { tokens: count(layout.cells()), ms: ms_since(start) })
    }

    /// The pictures that this request needs the pixels of and that are not here.
    ///
    /// # Errors
    /// As [`Engine::generate`] before its first token.
    pub fn missing(&mut self, request: &GenerateRequest) -> Result<Vec<ImageId>, JobError> {
        if request.messages.iter().all(|message| message.media.is_empty()) {
            return Ok(Vec::new());
        }
        let prompt = self.prepare(request)?;
        let mut shared = prompt.shared_with(&self.cached);
        if request.cache == CacheUse::Aside || self.is_recurrent() {
            shared = self.keepable(shared);
        }
        let gallery = &self.sight()?.gallery;
        let mut missing = Vec::new();
        for unit in &prompt.units[shared..] {
            if let Unit::Glance(glance) = unit
                && !gallery.can_show(glance.image, glance.part)
                && !missing.contains(&glance.image)
            {
                missing.push(glance.image);
            }
        }
        Ok(missing)
    }

    /// Whether a picture's pixels are not here, nor what was seen in it.
    ///
    /// # Errors
    /// [`JobError::CannotSee`]; [`JobError::BadRequest`] when its size cannot be used.
    pub fn lacks(&mut self, image: &Image) -> Result<bool, JobError> {
        let sight = self.sight()?;
        let parts = sight.look_at_size(image)?.parts();
        Ok((0..parts).any(|part| !sight.gallery.can_show(image.id(), part)))
    }

    /// The picture in a file, as llama.cpp's own programs decode it, for comparisons with them.
    pub fn picture(&mut self, path: &Path) -> Option<Image> {
        self.sight.as_ref()?.projector.picture(path)
    }

    /// Finds out how all pictures of a request are cut.
    pub(super) fn look_at_sizes(&mut self, messages: &[ChatMessage]) -> Result<(), JobError> {
        if let Some(sight) = &mut self.sight {
            sight.layouts.clear();
        }
        for image in messages.iter().flat_map(ChatMessage::images) {
            self.sight()?.look_at_size(image)?;
        }
        Ok(())
    }

    /// Reads a part of a picture, and looks at it first if need be.
    pub(super) fn read_glance(
        &mut self,
        place: &mut Place,
        glance: Glance,
        units: &[Unit],
        is_cancelled: &IsCancelled,
    ) -> Result<Read, JobError> {
        let needed: Vec<ImageId> = units[place.units..].iter().filter_map(Unit::image).collect();
        match self.sight()?.look(glance, &needed, is_cancelled) {
            Ok(()) => {}
            Err(StepError::Aborted) => return Ok(Read::Cancelled),
            Err(error) => return Err(refused(error)),
        }
        let target = (place.sequence, place.position);
        self.take(place, &[Unit::Glance(glance)], |engine| {
            const GONE: StepError = StepError::Failed(-1);
            let Engine { sight, context, .. } = engine;
            let Sight { projector, gallery, layouts } = sight.as_mut().ok_or(GONE)?;
            let layout = layouts.get(&glance.image).ok_or(GONE)?;
            let numbers = gallery.part(glance.image, glance.part).ok_or(GONE)?;
            projector.read(context, layout, glance.part, numbers, target, STEP)
        })
    }

    fn sight(&mut self) -> Result<&mut Sight, JobError> {
        let name = &self.info.name;
        self.sight.as_mut().ok_or_else(|| JobError::CannotSee { model: name.clone() })
    }
}

fn cannot_use() -> JobError {
    failed("this picture cannot be looked at")
}
