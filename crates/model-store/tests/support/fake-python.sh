#!/bin/sh
# Stands in for Python with pip. What it does follows from the name of the package; the wheel it "downloads" is the
# file fake.whl in the folder of the store, which is two folders above where pip is to put it.
if [ "$3" = "--version" ]; then exit 0; fi
while [ $# -gt 1 ]; do
    if [ "$1" = "--dest" ]; then dest=$2; fi
    shift
done
case "$1" in
    fails==*)
        echo "WARNING: Retrying" >&2
        echo "ERROR: No matching distribution found for $1 on https://me:secret@index.test/simple" >&2
        echo "" >&2
        exit 1
        ;;
    hangs==*)
        echo $$ > "$dest/../../pid"
        head -c 1000 /dev/zero > "$TMPDIR/begun"
        exec sleep 600
        ;;
    *)
        echo once >> "$dest/../../runs"
        cp "$dest/../../fake.whl" "$dest/fake-1.0-py3-none-any.whl"
        ;;
esac
