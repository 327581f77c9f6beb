-- Compares and sets one document: a hash with its version and value.
-- ARGV: the value, the version that must stand ('' for any).
-- Gives whether it was written (1, 0) and the version that stands.
local standing = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if ARGV[2] ~= '' and tonumber(ARGV[2]) ~= standing then return { 0, standing } end
redis.call('HSET', KEYS[1], 'version', standing + 1, 'value', ARGV[1])
return { 1, standing + 1 }
