/**
 * Chinese, Japanese and Korean letters and punctuation: written without spaces, so that CommonMark's rule for what a
 * `**` may follow fails on them (`**重点。**后面`). See https://github.com/commonmark/commonmark-spec/issues/650.
 */
export const CJK =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff65]/u;
