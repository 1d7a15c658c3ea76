// Times of a video, which count from its first picture; its frames; and the times of a player.

/** The number of the frame that is shown at a time. */
export const frameAt = (video, time_s) => Math.floor(time_s * video.rate[0] / video.rate[1] + 1e-4);

/** When a frame begins, seconds. */
export const timeOf = (video, frame) => frame * video.rate[1] / video.rate[0];

/** How many frames a video has. */
export const numFrames = (video) => Math.max(1, Math.round(video.duration_s * video.rate[0] / video.rate[1]));

/** The nearest frame boundary to a time: where cuts begin and end. */
export const boundary = (video, time_s) => Math.min(Math.max(Math.round(time_s * video.rate[0] / video.rate[1]), 0), numFrames(video));

/** What a player's clock says at a time: it may begin before the first picture, and leap. */
export function toPlayer(video, time_s) {
  let clock = time_s;
  for (const [to_s, by_s] of video.leaps) if (clock >= to_s - by_s - 1e-6) clock += by_s;
  return clock + video.lead_s;
}

/** The time at which a player's clock says that. */
export function fromPlayer(video, clock_s) {
  let time_s = clock_s - video.lead_s, taken = 0;
  for (const [to_s, by_s] of video.leaps) {
    if (clock_s - video.lead_s >= to_s) taken += by_s;
    else if (clock_s - video.lead_s > to_s - by_s) return to_s - by_s - taken;
  }
  return Math.max(0, time_s - taken);
}

/** A time for people: 1:02.5 */
export function clock(time_s) {
  const tenths = Math.round(time_s * 10), minutes = Math.floor(tenths / 600), hours = Math.floor(minutes / 60);
  const seconds = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** Show the picture at a time: its middle, so that no rounding shows another. */
export function showAt(player, video, time_s) {
  const frame = Math.min(Math.max(frameAt(video, time_s), 0), numFrames(video) - 1);
  player.currentTime = toPlayer(video, timeOf(video, frame + 0.5));
}

/** Call `shown` with each picture's time as a player shows it, until the function that is given back is called. */
export function follow(player, video, shown) {
  let handle, over = false;
  const next = (_, about) => {
    if (over) return;
    shown(fromPlayer(video, about.mediaTime));
    handle = player.requestVideoFrameCallback(next);
  };
  handle = player.requestVideoFrameCallback(next);
  return () => { over = true; player.cancelVideoFrameCallback(handle); };
}

/** Play a span; `ended` is called when its last picture was shown. Gives back a function that stops it. */
export function playSpan(player, video, start_s, end_s, ended) {
  const last_s = timeOf(video, boundary(video, end_s) - 1), frame_ms = 1000 * timeOf(video, 1);
  let timer, stop = () => {};
  const begin = () => {
    stop = follow(player, video, (time_s) => {
      if (time_s >= last_s - 1e-3) timer ??= setTimeout(over, frame_ms);
    });
    player.play().catch(() => {});
  };
  const clean = () => {
    stop();
    clearTimeout(timer);
    player.removeEventListener("ended", over);
    player.removeEventListener("seeked", begin);
  };
  function over() {
    clean();
    ended();
  }
  player.addEventListener("ended", over);
  player.addEventListener("seeked", begin, { once: true });
  showAt(player, video, start_s);
  return () => {
    clean();
    player.pause();
  };
}
