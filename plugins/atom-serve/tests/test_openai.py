"""What OpenAI's own client does, against a server that was started."""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

TOKEN = "a-token-that-only-the-user-knows"

openai = pytest.importorskip("openai")


@pytest.fixture
def ai(address):
    """OpenAI's client."""
    with openai.OpenAI(base_url=f"{address}/v1", api_key=TOKEN, max_retries=0) as made:
        yield made


def asking(video, text):
    """Messages with one video and a question."""
    content = [{"type": "video_url", "video_url": {"url": video}}, {"type": "text", "text": text}]
    return [{"role": "user", "content": content}]


COLOUR = "Which colour comes first?"


def test_models(ai):
    """The client lists the model, and finds it by its name."""
    assert [model.id for model in ai.models.list()] == ["tiny", "atom"]
    assert ai.models.retrieve("tiny").object == "model"
    with pytest.raises(openai.NotFoundError):
        ai.models.retrieve("gpt")


def test_chat_about_a_video(ai, host, footage):
    """A video of an allowed folder is asked about, and its shots are encoded once for all who ask."""
    first = ai.chat.completions.create(model="tiny", messages=asking("0.mp4", COLOUR), max_tokens=8)
    clips = host.clips(host.video(footage / "0.mp4"))
    worded = host.decoder.wordings.get("answer", "{question}").replace("{question}", COLOUR)
    features = host.encoder.encode_batch(clips, in_one_prompt=True)
    expected = host.decoder.generate([*features, worded], max_new_tokens=8)
    assert first.choices[0].message.content == str(expected).strip()
    assert first.choices[0].finish_reason in ("stop", "length")
    assert first.usage.completion_tokens == expected.num_tokens
    assert first.usage.prompt_tokens == host.decoder.num_tokens([*features, worded])
    encoded, read = (host.ledger.as_dict()[name]["computed"] for name in ("encoder_clips", "prefill_tokens"))
    again = ai.chat.completions.create(model="atom", messages=asking(str(footage / "0.mp4"), COLOUR), max_tokens=8)
    assert again.choices[0].message.content == first.choices[0].message.content
    assert host.ledger.as_dict()["encoder_clips"]["computed"] == encoded
    assert host.ledger.as_dict()["prefill_tokens"]["computed"] - read < first.usage.prompt_tokens / 2


def test_streaming(ai):
    """The pieces of a streamed answer are the answer; usage comes where it is asked for."""
    whole = ai.chat.completions.create(model="tiny", messages=asking("1.mp4", COLOUR), max_tokens=8)
    stream = ai.chat.completions.create(
        model="tiny",
        messages=asking("1.mp4", COLOUR),
        max_tokens=8,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.strip() == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] in ("stop", "length")
    assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens


def picture(colour):
    """A picture of one colour, as a data URL."""
    import io

    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), colour, np.uint8)).save(held, "png")
    return f"data:image/png;base64,{base64.b64encode(held.getvalue()).decode()}"


def test_pictures(ai, host):
    """A picture is sent within the message; the same picture is encoded once."""
    content = [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": picture((200, 30, 30))}},
        {"type": "text", "text": "What is it?"},
    ]
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}]
    first = ai.chat.completions.create(model="tiny", messages=messages, max_tokens=4)
    encoded = host.ledger.as_dict()["encoder_clips"]["computed"]
    assert ai.chat.completions.create(model="tiny", messages=messages, max_tokens=4).choices == first.choices
    assert host.ledger.as_dict()["encoder_clips"]["computed"] == encoded


def test_files(ai, footage):
    """A video that the client sent is asked about by its id."""
    sent = ai.files.create(file=footage / "0.mp4", purpose="user_data")
    content = [{"type": "file", "file": {"file_id": sent.id}}, {"type": "text", "text": COLOUR}]
    answer = ai.chat.completions.create(model="tiny", messages=[{"role": "user", "content": content}], max_tokens=8)
    by_path = ai.chat.completions.create(model="tiny", messages=asking("0.mp4", COLOUR), max_tokens=8)
    assert answer.choices[0].message.content == by_path.choices[0].message.content
    assert sent.id in [file.id for file in ai.files.list()]
    assert ai.files.delete(sent.id).deleted


def test_embeddings(ai, host):
    """Vectors are those that searches go by, in both forms; the client asks for base64 unless told."""
    texts = ["a red square", "a blue circle"]
    made = ai.embeddings.create(model="tiny", input=texts)
    plain = ai.embeddings.create(model="tiny", input=texts, encoding_format="float")
    vectors = np.array([item.embedding for item in made.data], np.float32)
    assert np.allclose(vectors, [item.embedding for item in plain.data], atol=1e-6)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert [item.index for item in made.data] == [0, 1]


BAD = {
    "no-messages": ({"messages": []}, 400, "messages"),
    "role": ({"messages": [{"role": "wizard", "content": "a"}]}, 400, "role"),
    "part": ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, 400, "smell"),
    "outside": ({"messages": asking("/etc/passwd", "a")}, 403, "outside"),
    "link-out": ({"messages": asking("file:///etc/passwd", "a")}, 403, "outside"),
    "fetch": ({"messages": asking("http://169.254.169.254/x.mp4", "a")}, 400, "not fetched"),
    "gone": ({"messages": asking("gone.mp4", "a")}, 404, "not there"),
    "no-file": ({"messages": asking("file-aaaaaaaaaaaaaaaa", "a")}, 404, "no file"),
    "no-base64": ({"messages": asking("data:image/png;base64,!!", "a")}, 400, "no base64"),
    "no-picture": ({"messages": asking("data:image/png;base64,aGVsbG8=", "a")}, 422, ""),
    "script": ({"messages": asking("data:text/html;base64,aGVsbG8=", "a")}, 400, "data URL"),
    "tokens": ({"max_tokens": 0}, 400, "max_tokens"),
    "too-long": ({"max_tokens": 99_999}, 400, "context"),
    "temperature": ({"temperature": 9}, 400, "temperature"),
    "tools": ({"tools": [{"type": "function", "function": {"name": "a"}}]}, 400, "tools"),
    "many": ({"n": 3}, 400, "one answer"),
    "model": ({"model": "gpt-5"}, 404, "gpt-5"),
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("kind", BAD)
def test_bad_input(ai, kind, streamed):
    """What cannot be done is a status and one line, also where the answer was to be streamed."""
    change, status, reason = BAD[kind]
    call = {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "stream": streamed, **change}
    with pytest.raises(openai.APIStatusError) as error:
        ai.chat.completions.create(**call)
    assert error.value.status_code == status, error.value
    assert reason in str(error.value)


def test_without_the_token(address):
    """A client that does not know the token is told so."""
    with (
        openai.OpenAI(base_url=f"{address}/v1", api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()


def test_many_at_once(ai, host, footage):
    """Many clients at once each get the answer about the video that they ask about, and each video is encoded once."""
    expected = {
        name: ai.chat.completions.create(model="tiny", messages=asking(name, COLOUR), max_tokens=8).choices[0].message
        for name in ("0.mp4", "1.mp4")
    }
    encoded = host.ledger.as_dict()["encoder_clips"]["computed"]
    names = ["0.mp4", "1.mp4"] * 12

    def ask(name):
        return ai.chat.completions.create(model="tiny", messages=asking(name, COLOUR), max_tokens=8).choices[0].message

    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(ask, names))
    assert [answer.content for answer in answers] == [expected[name].content for name in names]
    assert host.ledger.as_dict()["encoder_clips"]["computed"] == encoded


def test_who_goes_away_is_worked_for_no_more(ai, address, host, monkeypatch):
    """A client that hangs up, streaming or not, has its work cancelled."""
    from atom_core.call_context import caller

    cancelled, begun = threading.Event(), threading.Event()

    def slowly(*_, **__):
        begun.set()
        for _ in range(1000):
            if caller.get().cancelled.is_set():
                cancelled.set()
                return
            yield "a"
            threading.Event().wait(0.01)

    monkeypatch.setattr(type(host.decoder), "stream", slowly)
    monkeypatch.setattr(type(host.decoder), "generate", lambda *args, **more: list(slowly()))
    for streamed in (True, False):
        begun.clear()
        cancelled.clear()
        body = {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "stream": streamed}
        with socket.create_connection(address.removeprefix("http://").split(":")) as connection:
            import json

            data = json.dumps(body).encode()
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
            connection.sendall(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
            assert begun.wait(20)
        assert cancelled.wait(20)


def test_metrics(ai, address):
    """What was computed and reused is told in Prometheus's format."""
    import httpx

    text = httpx.get(f"{address}/metrics", headers={"authorization": f"Bearer {TOKEN}"}).text
    assert 'atom_encoder_clips_total{how="computed"}' in text
    assert "atom_model_loaded 1" in text
    for line in text.splitlines():
        assert line.startswith("#") or float(line.rsplit(" ", 1)[1]) >= 0


def test_streams_do_not_block_each_other(address):
    """A stream that nobody reads does not keep others from being served."""

    async def both():
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key=TOKEN, max_retries=0) as ai:
            messages = asking("0.mp4", COLOUR)
            unread = await ai.chat.completions.create(model="tiny", messages=messages, max_tokens=8, stream=True)
            read = await ai.chat.completions.create(model="tiny", messages=messages, max_tokens=8)
            await unread.close()
            return read.choices[0].message.content

    assert asyncio.run(both())
