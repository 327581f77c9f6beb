"""The same SVM on the same rows by scikit-learn: svm-sklearn.py DATA_DIR"""

import csv
import io
import json
import resource
import sys
import time
import zipfile

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

with zipfile.ZipFile(f"{sys.argv[1]}/online-shopping-10-cats/online_shopping_10_cats.zip") as archive:
    content = archive.read(archive.namelist()[0]).decode("utf-8-sig")
rows = list(csv.DictReader(io.StringIO(content)))
texts = [row["review"] for row in rows]
labels = [row["cat"] for row in rows]
start = time.perf_counter()
vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
matrix = vectorizer.fit_transform(texts)
vectorised = time.perf_counter()
LinearSVC(C=1).fit(matrix, labels)
end = time.perf_counter()
print(
    json.dumps(
        {
            "seconds": end - start,
            "vectorising seconds": vectorised - start,
            "training seconds": end - vectorised,
            "rows": len(rows),
            "features": matrix.shape[1],
            "peak resident MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
