#!/bin/bash
# ftp-srv 4.6.3 (npm): the end of an old data connection takes the new one away.
#
# What was guessed: a client asks with PASV, connects, and is refused (ftp-srv has no MLSD). It asks with PASV again,
# connects, and only then closes the data connection of the refused command. RFC 959 binds a data connection to the
# PASV that it answers, so that the second one is as good as any, and LIST works.
#
# What was seen: LIST is answered with "451 No connector setup, send PASV or PORT". The connector of a session is one
# variable: when the old listener closes, its end() puts an empty connector into it, whichever stands there. The refusal
# leaves another old data connection behind, so a client that closes a little late each time is refused for as long as
# the session lasts; one that closes before it asks again never sees it.
#
# In plain FTP it doesn't show: there the listener leaves its sockets paused and hears of no end. Over TLS (implicit) it
# does.
#
# Needs node, npm and openssl; everything goes to a temporary directory. Fails when the behaviour is another one.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund ftp-srv@4.6.3 >/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out certificate -days 2 -subj /CN=localhost 2>/dev/null
mkdir root && echo hello >root/file

cat >scene.js <<'JS'
const fs = require('fs');
const tls = require('tls');
const {FtpSrv} = require('ftp-srv');
const bunyan = require('bunyan');

const control = (port) => new Promise((resolve) => {
  const socket = tls.connect({port, host: '127.0.0.1', rejectUnauthorized: false});
  const waiting = [], replies = [];
  let text = '';
  const give = () => { while (waiting.length && replies.length) waiting.shift()(replies.shift()); };
  socket.on('data', (bytes) => {
    text += bytes;
    for (let end; (end = text.indexOf('\r\n')) >= 0; text = text.slice(end + 2)) {
      const line = text.slice(0, end); if (process.env.TRACE) console.log('<', line);
      if (/^\d\d\d /.test(line)) replies.push(line);
    }
    give();
  });
  const next = () => new Promise((got) => { waiting.push(got); give(); });
  const say = (line) => { if (process.env.TRACE) console.log('>', line); socket.write(line + '\r\n'); return next(); };
  socket.on('secureConnect', () => resolve({say, next, end: () => socket.destroy()}));
});

const passive = async (session) => {
  const reply = await session.say('PASV');
  const numbers = reply.match(/(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)/).slice(1).map(Number);
  const socket = tls.connect({port: numbers[4] * 256 + numbers[5], host: '127.0.0.1', rejectUnauthorized: false});
  socket.resume();
  await new Promise((resolve) => socket.on('secureConnect', resolve));
  return socket;
};
const closed = (socket) => new Promise((resolve) => { socket.on('close', resolve); socket.end(); });

const list = async (port, late) => {
  const session = await control(port);
  await session.next();
  await session.say('USER anonymous');
  await session.say('PASS x');
  const old = await passive(session);
  const refused = await session.say('MLSD');
  if (!late) await closed(old);
  const data = await passive(session);
  if (late) await closed(old);
  await new Promise((resolve) => setTimeout(resolve, 500));  // the server has heard of that end, too
  let reply = await session.say('LIST');
  if (/^1/.test(reply)) reply = await session.next();
  data.destroy();
  session.end();
  return [refused, reply];
};

(async () => {
  const server = new FtpSrv({url: 'ftps://127.0.0.1:0', tls: {key: fs.readFileSync('key'), cert: fs.readFileSync('certificate')},
                             pasv_url: '127.0.0.1', anonymous: true,
                             log: bunyan.createLogger({name: 'x', level: 'fatal'})});
  server.on('login', (_, resolve) => resolve({root: process.argv[2]}));
  await server.listen();
  const port = server.server.address().port;
  for (const late of [false, true]) {
    const [refused, reply] = await list(port, late);
    console.log(`${late ? 'closed after the next PASV' : 'closed before the next PASV'}: MLSD "${refused}", LIST "${reply}"`);
  }
  process.exit(0);
})();
JS
printf 'ftp-srv %s, node %s\n' "$(node -p 'require("ftp-srv/package.json").version')" "$(node --version)"
timeout 15 node scene.js "$dir/root" | tee seen
grep -q '^closed before the next PASV: MLSD "502 [^"]*", LIST "226 ' seen
grep -q '^closed after the next PASV: MLSD "502 [^"]*", LIST "451 No connector setup' seen
