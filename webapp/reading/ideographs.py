"""Phrases in scripts that put no space between words: Chinese and Japanese.

Without a dictionary, what repeats is a word. Japanese helps by its scripts: a run of kanji or of
katakana is a noun more often than not, and hiragana is the grammar between them.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable


class _Passage(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def weight(self) -> float: ...


_IDEOGRAPHS = re.compile("[\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_JAPANESE = re.compile(
    "[\u30a1-\u30fa\u30fc]{2,14}|[\u4e00-\u9fff]{1,3}り[\u4e00-\u9fff]{2,4}|[\u3005\u4e00-\u9fff]{2,6}"
)
_KANA = re.compile("[\u3041-\u30ff]")
# Grammar, numbers and the commonest verbs of Chinese: where a phrase may not run through.
_CHINESE_GRAMMAR = re.compile(
    "[的了是在和有我你他她它们這这那就也都很不没沒与與及或但而着著过過把被让讓给給对對从從到为為于於"
    "以所之其此每个個些么麼吗嗎呢吧啊上下里裡中后後前会會能要可想去来來说說做等用将將还還又再更最"
    "因如若则則只请請一二三四五六七八九十百千万萬年月日号號点點今明昨天时時候种種什怎哪谁誰您咱几幾"
    "買买记記得所需已经經]+"
)
_JAPANESE_GRAMMAR = frozenset(
    """
    今日 明日 昨日 今年 去年 来年 今月 今週 来週 先週 週末 平日 毎日 午前 午後 時間 時点 次回 今回
    前回 場合 必要 自分 一緒 最近 最初 最後 全部 一番 本当 大切 大変 普通 以上 以下 以外 以前 以後
    """.split()
)
_LONGEST = 4
_SHORTEST = 2
_CONSIDERED = 60
_READ = 12_000  # characters; each gives three phrases to count


def ideograph_phrases(
    passages: Iterable[_Passage], language: str | None
) -> list[tuple[str, float]]:
    """Phrases of two to some characters with their scores, best first; empty where none are."""
    passages = _first(passages)
    japanese = language == "ja" or any(_KANA.search(passage.text) for passage in passages)
    scores: Counter[str] = Counter()
    times: Counter[str] = Counter()
    for passage in passages:
        for phrase, whole in _pieces(passage.text, japanese=japanese):
            times[phrase] += 1
            # A piece that stands alone between grammar is a word; part of one only by repetition.
            scores[phrase] += (
                passage.weight * (1.0 if whole else 0.45) * (min(len(phrase), 4) ** 0.2)
            )
    best = sorted(scores.items(), key=lambda each: -each[1])[:_CONSIDERED]
    return [(phrase, score) for phrase, score in best if not _part(phrase, best, times)]


def _first(passages: Iterable[_Passage]) -> list[_Passage]:
    found: list[_Passage] = []
    room = _READ
    for passage in passages:
        if room > 0 and (_IDEOGRAPHS.search(passage.text) or _KANA.search(passage.text)):
            found.append(passage)
            room -= len(passage.text)
    return found


def _pieces(text: str, *, japanese: bool) -> Iterable[tuple[str, bool]]:
    if japanese:
        for match in _JAPANESE.finditer(text):
            if match.group() not in _JAPANESE_GRAMMAR:
                yield match.group(), True
        return
    for run in _IDEOGRAPHS.findall(text):
        for piece in _CHINESE_GRAMMAR.split(run):
            if _SHORTEST <= len(piece) <= _LONGEST:
                yield piece, True
            for length in range(_SHORTEST, _LONGEST + 1):
                for start in range(len(piece) - length + 1):
                    if length < len(piece):
                        yield piece[start : start + length], False


def _part(phrase: str, best: Iterable[tuple[str, float]], times: Counter[str]) -> bool:
    """Whether the phrase only ever occurs inside a longer one."""
    return any(
        len(other) > len(phrase) and phrase in other and times[other] >= times[phrase]
        for other, _ in best
    )
