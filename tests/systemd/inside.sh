# The life of the package, in a booted Debian. Run by tests/systemd.sh; ends at the first thing that is
# not as it should be.
set -uo pipefail
unit=atlas-key-auditor.service
config=/etc/atlas-key-auditor/auditor.yaml

say() { printf '== %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*"
  systemctl status --no-pager --full "$unit" || true
  journalctl --no-pager -n 60 || true
  exit 1
}
must() { "$@" || fail "$*"; }
is() { [ "$1" = "$2" ] || fail "'$1' instead of '$2'"; }
property() { systemctl show -p "$1" --value "$unit"; }
until_true() {  # what, seconds, command...
  local what=$1 left=$(($2 * 5))
  shift 2
  until "$@"; do
    ((left-- > 0)) || fail "waited in vain for $what"
    sleep 0.2
  done
}
status_is() { [[ $(property StatusText) =~ $1 ]]; }
pid_is_not() { [ "$(property MainPID)" != "$1" ] && [ "$(property MainPID)" != 0 ]; }
healthy() { atlas-key-auditor healthcheck --url "http://127.0.0.1:9974/-/$1"; }
logged() { journalctl --no-pager -u "$unit" --since "$since" | grep -q "$1"; }

say 'install: the user is there, nothing runs'
must dpkg -i /test/package.deb
must getent passwd atlas-key-auditor
is "$(systemctl is-active $unit)" inactive
is "$(systemctl is-enabled $unit)" disabled
is "$(stat -c '%U %a' /etc/atlas-key-auditor/secrets)" 'root 700'
must test -f /usr/share/bash-completion/completions/atlas-key-auditor

say 'a simulator, and a configuration that watches it'
cd /test
umask 077
cat /proc/sys/kernel/random/uuid >auditor.key
secret=$(cat auditor.key)
/test/atlas-key-sim --listen 127.0.0.1:9975 --fixture /test/fixture.json >sim.log 2>&1 &
cp auditor.key /etc/atlas-key-auditor/secrets/prod.key
umask 022
sed -e 's|private_key_file: auditor.key|private_key_file: "${CREDENTIALS_DIRECTORY}/secrets_prod.key"|' \
  -e 's|interval: 10s|interval: 5s|' -e 's|^store:.*|store: {path: /var/lib/atlas-key-auditor/journal.db}|' \
  auditor.yaml >$config

say 'active means ready'
must systemctl enable --now --quiet $unit
must healthy ready
is "$(property SubState)" running
until_true 'polls' 20 status_is '^5 keys, [1-9][0-9]* drifting, '
is "$(ps -o user= -p "$(property MainPID)" | cut -c1-5)" atlas
is "$(stat -c '%U %a' /var/lib/atlas-key-auditor)" 'atlas-key-auditor 700'
[ -s /var/lib/atlas-key-auditor/journal.db ] || fail 'no journal'
systemd-analyze security --no-pager $unit | tail -n 1

say 'a reload of a good file'
since=$(date '+%F %T')
pid=$(property MainPID)
sed -i 's/interval: 5s/interval: 4s/' $config
must systemctl reload $unit
until_true 'the reload' 10 logged config_loaded
is "$(property MainPID)" "$pid"

say 'a reload of a bad file says why and changes nothing'
since=$(date '+%F %T')
cp $config good.yaml
echo 'nonsense: 1' >>$config
must systemctl reload $unit
until_true 'the reason' 10 logged "has no setting 'nonsense'"
is "$(property MainPID)" "$pid"
is "$(systemctl is-active $unit)" active
must healthy healthy
until_true 'a word of the rejection' 10 status_is 'the last reload was rejected'
cp good.yaml $config
must systemctl reload $unit
until_true 'the good file' 10 status_is '^5 keys, [^;]*$'

say 'a process that is stopped is ended by the watchdog and started anew'
mkdir -p /run/systemd/system/$unit.d
printf '[Service]\nWatchdogSec=3\nTimeoutAbortSec=3\n' >/run/systemd/system/$unit.d/watchdog.conf
systemctl daemon-reload
must systemctl restart $unit
pid=$(property MainPID)
since=$(date '+%F %T')
sleep 5
is "$(property MainPID)" "$pid"
kill -STOP "$pid"
until_true 'a new process' 30 pid_is_not "$pid"
logged 'Watchdog timeout' || fail 'it was not the watchdog'
until_true 'its readiness' 20 healthy ready

say 'a process that is killed is started anew'
pid=$(property MainPID)
kill -KILL "$pid"
until_true 'a new process' 30 pid_is_not "$pid"
until_true 'its readiness' 20 healthy ready

say 'an upgrade restarts what runs and keeps the configuration'
pid=$(property MainPID)
must dpkg -i /test/package.deb
until_true 'the new version' 20 pid_is_not "$pid"
is "$(systemctl is-active $unit)" active
cmp -s good.yaml $config || fail 'the configuration was replaced'

say 'a wrong configuration stays stopped'
echo 'nonsense: 1' >>$config
systemctl restart $unit && fail 'started with a wrong configuration'
sleep 7
is "$(systemctl is-active $unit)" failed
is "$(property ExecMainStatus)" 78
is "$(property NRestarts)" 0
cp good.yaml $config

say 'an audit by its service: findings are status 2'
systemctl start atlas-key-auditor-audit.service && fail 'no findings'
is "$(systemctl show -p ExecMainStatus --value atlas-key-auditor-audit.service)" 2
journalctl --no-pager -u atlas-key-auditor-audit.service | grep -q role_forbidden || fail 'no report'
must systemctl enable --now --quiet atlas-key-auditor-audit.timer

say 'two shards'
must systemctl start atlas-key-auditor@0 atlas-key-auditor@1
must test -s /var/lib/atlas-key-auditor/journal-0.db
must test -s /var/lib/atlas-key-auditor/journal-1.db
for port in 19970 19971; do
  must atlas-key-auditor healthcheck --url "http://127.0.0.1:$port/-/ready"
done

say 'no secret was told'
journalctl --no-pager -o export | grep -q -- "$secret" && fail 'a secret is in the journal'
grep -rqs -- "$secret" /var/lib/atlas-key-auditor && fail 'a secret is in the store'

say 'remove keeps the settings, purge leaves nothing'
must systemctl reset-failed
must systemctl start $unit
must dpkg -r atlas-key-auditor
is "$(systemctl is-active $unit atlas-key-auditor@0 atlas-key-auditor-audit.timer | sort -u)" inactive
must test -f $config
must dpkg --purge atlas-key-auditor
rm -rf /run/systemd/system/$unit.d
left=$(find /etc /usr /var /run -xdev -name '*atlas-key-auditor*' -not -path '/var/log/*' \
  -not -path '/var/lib/dpkg/*')
is "$left" ''
getent passwd atlas-key-auditor && fail 'the user is left'
getent group atlas-key-auditor && fail 'the group is left'
say 'all well'
