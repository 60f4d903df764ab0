#!/bin/bash
# Pure-FTPd 1.0.50 (Debian 12): while an upload goes on with a file, the file isn't there.
#
# What was guessed: REST n and STOR open the file that is there and write on at n, as vsftpd and ProFTPD do. Another
# session that asks for SIZE meanwhile gets a number from n upwards.
#
# What was seen: SIZE is "550 Can't check for file existence" until that upload ends. The server gives the file the name
# .pureftpd-upload.…, writes there, and renames it back at the end, also when the upload was broken off. Who has lost
# the line and comes back at once, before the server has noticed, is told that nothing is left of the file; and what
# he stores under its name then is replaced by the old one as soon as the dead session ends. A STOR without REST writes
# in place.
#
# Needs root (the server changes to another user), apt and python3; everything goes to a temporary directory. Fails when
# the behaviour is another one.
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "must be root: Pure-FTPd changes to its users"; exit 2; }
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
version=1.0.50-2.1+b2
apt-get -q -o APT::Sandbox::User=root download "pure-ftpd=$version" pure-ftpd-common >/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
mkdir home
chown 65534:65534 home
printf 'secret\nsecret\n' | root/usr/bin/pure-pw useradd somebody -u 65534 -g 65534 -d "$dir/home" -f passwd -m -F users.pdb >/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
root/usr/sbin/pure-ftpd -S "127.0.0.1,$port" -l "puredb:$dir/users.pdb" -E -u 1 -H -A -g "$dir/pid" &
server=$!

cat >scene.py <<'PY'
import ftplib, sys, time

def session():
    deadline = time.monotonic() + 10
    while True:
        try:
            ftp = ftplib.FTP()
            ftp.connect("127.0.0.1", int(sys.argv[1]))
            ftp.login("somebody", "secret")
            ftp.voidcmd("TYPE I")
            return ftp
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)

def size(ftp):
    try:
        return ftp.sendcmd("SIZE f")
    except ftplib.error_perm as error:
        return str(error)

looks, stores = session(), session()
for rest in (None, 500_000):
    data = stores.transfercmd("STOR f", rest)
    data.sendall(b"x" * 100_000)
    time.sleep(0.5)
    meanwhile = size(looks)
    data.close()
    stores.voidresp()
    name = "STOR" if rest is None else "REST and STOR"
    print(f'{name}: while it lasts "{meanwhile}", then "{size(looks)}"')
    if rest is None:
        data = stores.transfercmd("STOR f")
        data.sendall(b"x" * 1_000_000)
        data.close()
        stores.voidresp()
PY
dpkg-deb -f pure-ftpd_*.deb Package Version
timeout 60 python3 scene.py "$port" | tee seen
grep -q '^STOR: while it lasts "213 [0-9]*", then "213 100000"$' seen
grep -q '^REST and STOR: while it lasts "550 Can.t check for file existence", then "213 600000"$' seen
