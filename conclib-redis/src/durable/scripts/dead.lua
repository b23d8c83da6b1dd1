-- Lists, retries or drops dead letters. KEYS: mail, meta, dead. ARGV: action, id, count, channel.
if ARGV[1] == 'list' then
  return redis.call('XRANGE', KEYS[3], ARGV[2], '+', 'COUNT', ARGV[3])
end
local entry = redis.call('XRANGE', KEYS[3], ARGV[2], ARGV[2])[1]
if not entry then return 0 end
if ARGV[1] == 'retry' then
  local fields = {}
  for k = 1, #entry[2], 2 do fields[entry[2][k]] = entry[2][k + 1] end
  redis.call('XADD', KEYS[1], '*', 'm', fields['m'] or '')
  redis.call('HINCRBY', KEYS[2], 'commits', 1)
  redis.call('PERSIST', KEYS[2])
  redis.call('SPUBLISH', ARGV[4], '')
end
redis.call('XDEL', KEYS[3], ARGV[2])
return 1
