"""How far `plip spac attributes` agrees with hand-made annotations of tracks.

    extraction_agreement.py ANNOTATIONS.json [PLIP]

ANNOTATIONS.json is in the form that `plip ingest folders --annotations` reads: tracks with the true upper and lower
garment and two captions. For each caption and garment, what the extractor found is

    agrees     the noun is the annotated one, and a colour is one of the annotated colours (by basic colours), or the
               phrase says no more than dark or light, and the annotated colour is
    denim      the noun agrees, is jeans, has no such word, and the annotated colour is blue: what jeans are unless said
    less       the noun agrees and the phrase has no such word, as in "padded jacket"
    unsaid     nothing was found and the caption has no garment word of that slot
    wrong      anything else, listed for a person to read

Agreement is counted among the garments that a caption speaks of, first with phrases that give a colour alone (agrees),
then with denim, whose colour lies in the noun. Whether denim and less are the caption's doing, which gives the garment no
colour anywhere, the list printed with --less lets a person judge.
"""

import argparse
import json
import re
import subprocess

# Colour words to basic colours.
BASIC = {
    "black": "black", "white": "white", "cream": "white", "grey": "grey", "gray": "grey", "charcoal": "grey", "silver": "grey",
    "red": "red", "maroon": "red", "burgundy": "red", "blue": "blue", "navy": "blue", "denim": "blue", "teal": "blue",
    "green": "green", "olive": "green", "khaki": "brown", "brown": "brown", "tan": "brown", "beige": "brown", "sandy": "brown",
    "yellow": "yellow", "orange": "orange", "pink": "pink", "purple": "purple", "violet": "purple", "lilac": "purple",
}
TONES = {"dark": {"dark", "black", "navy"}, "light": {"light", "pale"}, "pale": {"light", "pale"}}
UPPER = "jacket coat overcoat top shirt hoodie jumper sweater pullover anorak parka blazer vest t-shirt tee cardigan fleece dress".split()
LOWER = "trousers jeans pants skirt shorts leggings bottoms slacks".split()
SAME = {"overcoat": "coat", "pants": "trousers", "slacks": "trousers", "tee": "t-shirt", "pullover": "sweater", "jumper": "sweater"}


def words(text):
    return re.findall(r"[a-z]+(?:-shirt)?", text.lower())


def colors(phrase):
    return {BASIC[w] for w in words(phrase) if w in BASIC}


def noun(phrase, nouns):
    found = [w for w in words(phrase.split(" with ")[0].split(" over ")[0]) if w in nouns]
    return SAME.get(found[-1], found[-1]) if found else ""


def judge(caption, got, want, nouns):
    if got == "unknown":
        return "wrong" if any(w in nouns for w in words(caption)) else "unsaid"
    if noun(got, nouns) != noun(want, nouns):
        return "wrong"
    if not colors(got):
        tones = [w for w in words(got) if w in TONES]
        if tones and TONES[tones[0]] & set(words(want)):
            return "agrees"
        return "denim" if noun(got, nouns) == "jeans" and "blue" in colors(want) else "less"
    return "agrees" if colors(got) & colors(want) else "wrong"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("annotations")
    p.add_argument("plip", nargs="?", default="bin/plip")
    p.add_argument("--less", action="store_true", help="also list the phrases without a colour")
    o = p.parse_args()
    with open(o.annotations) as f:
        tracks = json.load(f)["tracks"]
    pairs = [(t["captions"][k], t) for t in tracks for k in ("short", "long")]
    out = subprocess.run([o.plip, "spac", "attributes", "--json"], input="".join(c + "\n" for c, _ in pairs),
                         capture_output=True, text=True, check=True)
    found = json.loads(out.stdout)["captions"]
    for slot, nouns in (("upper", UPPER), ("lower", LOWER)):
        count = {"agrees": 0, "denim": 0, "less": 0, "unsaid": 0, "wrong": 0}
        for (caption, track), f in zip(pairs, found):
            verdict = judge(caption, f["attributes"][slot], track[slot], nouns)
            count[verdict] += 1
            if verdict == "wrong" or verdict in ("less", "denim") and o.less:
                print(f"{verdict} {slot}: {f['attributes'][slot]!r}, annotated {track[slot]!r}: {caption}")
        said = len(pairs) - count["unsaid"]
        share = lambda *verdicts: f"{100 * sum(count[v] for v in verdicts) / said:.1f} %"
        print(f"{slot}: {len(pairs)} captions, {said} speak of it: {count['agrees']} give colour and noun ({share('agrees')}), "
              f"{count['denim']} say jeans of blue ones ({share('agrees', 'denim')} with these), {count['less']} the noun "
              f"without a colour ({share('agrees', 'denim', 'less')} with these), {count['wrong']} wrong")


main()
