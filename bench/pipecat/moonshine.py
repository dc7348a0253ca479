"""Moonshine tiny on ONNX Runtime, and the service that pipecat needs of it.

Pipecat's own service for Moonshine runs the same files in Moonshine's library, which cuts the sound at pauses first and
takes longer for it; this is the quicker way.
"""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import onnxruntime
from pipecat.frames.frames import Frame, TranscriptionFrame
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.utils.time import time_now_iso8601

RATE = 16_000
BEGIN, END = 1, 2
# Of Moonshine's own code: nobody speaks more tokens a second, and some for sound that is short.
TOKENS_A_SECOND, TOKENS_AT_LEAST = 6.5, 4
HEADS, HEAD_SIZE = 8, 36


class Moonshine:
    """The two networks and the vocabulary."""

    def __init__(self, folder: Path) -> None:
        self._encoder = onnxruntime.InferenceSession(folder / "encoder_model.ort")
        self._decoder = onnxruntime.InferenceSession(folder / "decoder_model_merged.ort")
        self._vocabulary = vocabulary((folder / "tokenizer.bin").read_bytes())
        self._memory = [name.name for name in self._decoder.get_inputs() if name.name.startswith("past_")]
        self._outputs = [output.name for output in self._decoder.get_outputs()]

    def hear(self, sound: np.ndarray) -> str:
        """The words in mono sound of 16 kHz, -1..=1."""
        sound = sound[np.newaxis]
        mask = np.ones(sound.shape, np.int64)
        (encoded,) = self._encoder.run(None, {"input_values": sound, "attention_mask": mask})
        nothing = np.zeros((1, HEADS, 1, HEAD_SIZE), np.float32)
        inputs = {
            "encoder_hidden_states": encoded,
            "encoder_attention_mask": np.ones(encoded.shape[:2], np.int64),
            "use_cache_branch": np.array([False]),
            **dict.fromkeys(self._memory, nothing),
        }
        tokens = [BEGIN]
        for _ in range(int(TOKENS_AT_LEAST + sound.size / RATE * TOKENS_A_SECOND)):
            inputs["input_ids"] = np.array([tokens[-1:]])
            outputs = dict(zip(self._outputs, self._decoder.run(None, inputs)))
            tokens.append(int(outputs["logits"][0, -1].argmax()))
            if tokens[-1] == END:
                break
            is_first = len(tokens) == 2
            for past in self._memory:
                # What it remembers of the sound comes out of the first step alone.
                if is_first or ".decoder." in past:
                    inputs[past] = outputs[past.replace("past_key_values", "present")]
            inputs["use_cache_branch"] = np.array([True])
        text = b"".join(self._vocabulary[token] for token in tokens[1:] if token != END)
        return text.decode(errors="ignore").replace("\u2581", " ").strip()


def vocabulary(packed: bytes) -> list[bytes]:
    """Tokens one after another: a length, of 128 and more in two bytes, of which the second counts 128s; then the token."""
    tokens, at = [], 0
    while at < len(packed):
        length, at = packed[at], at + 1
        if length >= 128:
            length, at = length + 128 * (packed[at] - 1), at + 1
        tokens.append(packed[at : at + length])
        at += length
    return tokens


class MoonshineService(SegmentedSTTService):
    """Hears each piece of speech as a whole when it is over, as pipecat's own services for models on this machine do."""

    def __init__(self, model: Moonshine) -> None:
        super().__init__(sample_rate=RATE, settings=STTSettings(model="moonshine-tiny-en", language=None))
        self._model = model

    @property
    def wants_wav_segments(self) -> bool:
        return False

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        sound = np.frombuffer(audio, np.int16).astype(np.float32) / 32768
        text = await asyncio.to_thread(self._model.hear, sound)
        if text:
            yield TranscriptionFrame(text, self._user_id, time_now_iso8601())
