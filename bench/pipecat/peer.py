"""A spoken conversation as pipecat's own quick start builds one, of the parts that Hark has: to be compared with.

Turns are pipecat's defaults: Silero's voice activity and Smart Turn, both from its package. The recogniser is Moonshine
with the very files that Hark uses, the model is answered for by llama-server with the same weights, the voice is
espeak-ng. What it is told and what it tells is written down at `Peer` in crates/voice-bench.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from loguru import logger
from moonshine import Moonshine, MoonshineService
from openai import NOT_GIVEN
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import Frame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService
from pipecat.transports.local.audio import LocalAudioTransport, LocalAudioTransportParams
from pipecat.workers.runner import WorkerRunner

CHAT = Path(os.environ["HARK_PEER_CHAT"])
CHAT_URL = os.environ.get("HARK_PEER_CHAT_URL")
REPLY_TOKENS = os.environ.get("HARK_PEER_REPLY_TOKENS")
SPEECH = Path(os.environ["HARK_PEER_SPEECH"])
LLAMA_SERVER = Path(os.environ["HARK_PEERS"]) / "llama-server"
PROMPT = Path(__file__).resolve().parents[2] / "assets" / "prompts" / "spoken.md"
VOICE = "en-us"

WAV_HEADER = 44
LOADING_SECONDS = 120


class Espeak(TTSService):
    """A process of espeak-ng for each sentence; its sound is handed on while it is made."""

    def __init__(self) -> None:
        settings = TTSSettings(model=None, voice=VOICE, language=None)
        super().__init__(push_start_frame=True, push_stop_frames=True, settings=settings)

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame, None]:
        pipe = asyncio.subprocess.PIPE
        command = ["espeak-ng", "-v", VOICE, "--stdin", "--stdout"]
        espeak = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        try:
            espeak.stdin.write(text.encode())
            espeak.stdin.close()
            header = await espeak.stdout.readexactly(WAV_HEADER)
            rate = int.from_bytes(header[24:28], "little")
            sound = pieces(espeak.stdout)
            frames = self._stream_audio_frames_from_iterator(sound, in_sample_rate=rate, context_id=context_id)
            async for frame in frames:
                yield frame
        finally:
            if espeak.returncode is None:
                espeak.kill()
            await espeak.wait()


async def pieces(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while piece := await stream.read(4096):
        yield piece


@contextmanager
def chat_server():
    """The base URL of llama-server with its defaults, on a port that nobody uses; or of the server that was named."""
    if CHAT_URL:
        yield CHAT_URL
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [LLAMA_SERVER, "--model", CHAT, "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


async def until_ready(base_url: str) -> None:
    """Waits until it is loaded and has read the prompt, as it has in any conversation that is under way."""
    message = {"role": "system", "content": PROMPT.read_text()}
    question = {"role": "user", "content": "Hello."}
    body = json.dumps({"messages": [message, question], "max_tokens": 1}).encode()
    request = urllib.request.Request(f"{base_url}/chat/completions", body, {"Content-Type": "application/json"})
    for _ in range(LOADING_SECONDS * 10):
        try:
            await asyncio.to_thread(lambda: urllib.request.urlopen(request).read())
            return
        except OSError:
            await asyncio.sleep(0.1)
    sys.exit("llama-server does not answer")


def conversation(base_url: str) -> PipelineWorker:
    params = LocalAudioTransportParams(audio_in_enabled=True, audio_out_enabled=True)
    transport = LocalAudioTransport(params)
    recogniser = MoonshineService(Moonshine(SPEECH))
    model = OpenAILLMService(
        api_key="none",
        base_url=base_url,
        settings=OpenAILLMService.Settings(
            model=CHAT.stem,
            system_instruction=PROMPT.read_text(),
            temperature=0.0,
            seed=7,
            max_tokens=int(REPLY_TOKENS) if REPLY_TOKENS else NOT_GIVEN,
        ),
    )
    heard, said = LLMContextAggregatorPair(
        LLMContext(), user_params=LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
    )
    parts = [transport.input(), recogniser, heard, model, Espeak(), transport.output(), said]
    # Nobody may be silent for so long that it ends.
    return PipelineWorker(Pipeline(parts), idle_timeout_secs=None)


def end_with_input() -> None:
    """Whoever started it holds its input open: when they are gone, however that came, so is this."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


async def main() -> None:
    with chat_server() as base_url:
        await until_ready(base_url)
        worker = conversation(base_url)

        @worker.event_handler("on_pipeline_started")
        async def ready(_worker: PipelineWorker, _frame: Frame) -> None:
            about = {"program": f"pipecat {version('pipecat-ai')}", "voice": VOICE, "chat": CHAT.name}
            print(json.dumps({"kind": "ready", **about}), flush=True)

        runner = WorkerRunner(handle_sigint=True, handle_sigterm=True)
        await runner.add_workers(worker)
        await runner.run()


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="DEBUG" if "HARK_LOG" in os.environ else "WARNING")
    # While it loads there is nobody yet who ends llama-server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    threading.Thread(target=end_with_input, daemon=True).start()
    asyncio.run(main())
