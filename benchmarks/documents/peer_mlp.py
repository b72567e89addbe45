"""The peer: scikit-learn's CountVectorizer and MLPClassifier, configured as in Paperless-ngx.

Reads `{"train": [[class, text], …], "test": [[class, text], …]}` from standard input; prints the
share of the test texts that it gets right, and how many seconds the training took.
"""

from __future__ import annotations

import json
import re
import sys
import time

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.neural_network import MLPClassifier


def cleaned(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


given = json.load(sys.stdin)
began = time.perf_counter()
vectors = CountVectorizer(analyzer="word", ngram_range=(1, 2), min_df=0.01)
classifier = MLPClassifier(tol=0.01)
classifier.fit(
    vectors.fit_transform([cleaned(text) for _, text in given["train"]]),
    [label for label, _ in given["train"]],
)
seconds = time.perf_counter() - began
told = classifier.predict(vectors.transform([cleaned(text) for _, text in given["test"]]))
right = sum(1 for label, (wanted, _) in zip(told, given["test"], strict=True) if label == wanted)
print(json.dumps({"right": right / len(given["test"]), "seconds": seconds}))
