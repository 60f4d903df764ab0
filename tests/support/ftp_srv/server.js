// node server.js CONFIG: ftp-srv with its own file system class, for one user, as CONFIG (JSON, see driver_config())
// says. What is ours: whose rights it has, what it writes down, who may log in, and that the kernel chooses data ports
// (its own way, counting up from a number, would let servers compete). SIGUSR2 ends all sessions.
'use strict';
const fs = require('fs');
const {createLogger} = require('bunyan');
const {FtpSrv} = require('ftp-srv');
const Commands = require('ftp-srv/src/commands');
require('ftp-srv/src/commands/registry');

const config = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const uid = Number(process.env.OUTHAUL_TEST_UID), gid = Number(process.env.OUTHAUL_TEST_GID);
const secrets = config.tls && {key: fs.readFileSync(config.tls.key), cert: fs.readFileSync(config.tls.certificate)};
if (process.getuid() === 0) {  // everything that is needed is in memory: it may lie where only root can go
  process.setgroups([]);
  process.setgid(gid);
  process.setuid(uid);
}

// Before the command is carried out: whoever has seen the reply finds the line.
const log = config.log ? fs.openSync(config.log, 'a') : null;
const handle = Commands.prototype.handle;
Commands.prototype.handle = function (line) {
  if (log !== null) fs.writeSync(log, line.replace(/^(PASS) .*/i, '$1 (hidden)') + '\n');
  return handle.call(this, line);
};

const server = new FtpSrv({
  url: `${config.tls && config.tls.implicit ? 'ftps' : 'ftp'}://127.0.0.1:${config.port}`,
  pasv_url: '127.0.0.1',
  pasv_min: config.ports ? config.ports[0] : 1024,
  pasv_max: config.ports ? config.ports[1] : 65535,
  tls: secrets || false,
  timeout: config.idle_timeout * 1000,
  blacklist: config.denied,
  log: createLogger({name: 'ftp-srv', level: 'error'}),
});
if (!config.ports) server.getNextPasvPort = () => require('bluebird').resolve(0);
server.on('login', ({connection, username, password}, resolve, reject) => {
  if (config.tls && config.tls.required && !connection.secure) reject(new Error('TLS is required here'));
  else if (username !== config.user || password !== config.password) reject(new Error('Login incorrect'));
  else resolve({root: config.root});
});
process.on('SIGUSR2', () => {
  for (const connection of Object.values(server.connections)) connection.commandSocket.destroy();
});
server.listen();
