-- Applies entries to one entity, all or nothing: everything is worked out first and written last.
-- KEYS: its state, its tallies, its seen messages; all hashes.
-- ARGV: field of the mark, source, dedup window in ms or '', then for each entry: offset, receivedAt, digest, messageId,
-- how many arguments its changes have, and those.
-- Gives one letter for each entry: (a)pplied, (r)edelivered, (d)uplicate.
local state, tallies, seen = KEYS[1], KEYS[2], KEYS[3]
local find, sub, byte, char = string.find, string.sub, string.byte, string.char
local floor, ceil = math.floor, math.ceil

-- By bytes: Lua's own comparison follows the server's locale.
local function compare(left, right)
  if left == right then return 0 end
  local common, limit = 0, math.min(#left, #right)
  while common < limit do
    local middle = ceil((common + limit) / 2)
    if sub(left, common + 1, middle) == sub(right, common + 1, middle) then common = middle else limit = middle - 1 end
  end
  return (byte(left, common + 1) or -1) - (byte(right, common + 1) or -1)
end

-- What stands in the fields of the state that have been asked for; false for none.
local standing = {}
local function load(field)
  local value = standing[field]
  if value == nil then
    value = redis.call('HGET', state, field)
    standing[field] = value
  end
  return value
end

-- Parts that have been changed, by their field.
local counts, registers, removed, tally_order, tally_amounts = {}, {}, {}, {}, {}

-- Count: width of amounts (4: int32, 8: double) uint8, total double, number of five-minute buckets uint16, these, then the
-- hours; a bucket is its number int32 and its amount.
local function load_count(field)
  local part = counts[field]
  if part then return part end
  local bytes = not removed[field] and load(field)
  if bytes then
    local width, total, fives = struct.unpack('<BdH', bytes)
    local split = 11 + fives * (4 + width)
    part = { width = width, total = total, fives = sub(bytes, 12, split), hours = sub(bytes, split + 1) }
  else
    part = { width = 4, total = 0, fives = '', hours = '' }
  end
  counts[field] = part
  return part
end

local function bucket_format(width) return width == 4 and '<i4i4' or '<i4d' end

-- Start of the first bucket whose number is at least the given one.
local function lower_bound(series, stride, number)
  local low, high = 0, #series / stride
  while low < high do
    local middle = floor((low + high) / 2)
    if struct.unpack('<i4', series, middle * stride + 1) < number then low = middle + 1 else high = middle end
  end
  return low * stride + 1
end

-- The series with the amount added; nil when that needs wider amounts.
local function add_to_series(series, width, number, amount, kept)
  local format, stride = bucket_format(width), 4 + width
  local newest = #series > 0 and struct.unpack('<i4', series, #series - stride + 1) or number
  if number <= newest - kept then return series end
  local at = number > newest and #series + 1 or lower_bound(series, stride, number)
  local rest = at
  if at <= #series then
    local found, value = struct.unpack(format, series, at)
    if found == number then
      amount = amount + value
      rest = at + stride
    end
  end
  if width == 4 and (amount > 2147483647 or amount < -2147483647) then return nil end
  local from = number > newest and lower_bound(series, stride, number - kept + 1) or 1
  return sub(series, from, at - 1) .. struct.pack(format, number, amount) .. sub(series, rest)
end

local function widen(series)
  local wide = {}
  for at = 1, #series, 8 do
    local number, amount = struct.unpack('<i4i4', series, at)
    wide[#wide + 1] = struct.pack('<i4d', number, amount)
  end
  return table.concat(wide)
end

local function add_to_count(field, five, hour, amount)
  local part = load_count(field)
  -- 26 hours of five minutes, 32 days of hours
  local fives = add_to_series(part.fives, part.width, five, amount, 312)
  local hours = add_to_series(part.hours, part.width, hour, amount, 768)
  if not (fives and hours) then
    part.width = 8
    fives = add_to_series(widen(part.fives), 8, five, amount, 312)
    hours = add_to_series(widen(part.hours), 8, hour, amount, 768)
  end
  part.fives, part.hours, part.total = fives, hours, part.total + amount
end

-- Registers: their number, 254, how many stay ('' for all), then the best first: 255, name, 254, time, 254, messageId, 254,
-- value as JSON, 254, the record's length in four digits of base 128. No byte of UTF-8 is as high as 254.
local function load_registers(field)
  local part = registers[field]
  if part then return part end
  local bytes = load(field)
  if bytes then
    local separator = find(bytes, '\254', 1, true)
    local head = find(bytes, '\255', separator, true) or #bytes + 1
    part = { count = tonumber(sub(bytes, 1, separator - 1)), keep = sub(bytes, separator + 1, head - 1), records = sub(bytes, head) }
  else
    part = { count = 0, keep = '', records = '' }
  end
  registers[field] = part
  return part
end

local function length_digits(length)
  return char(floor(length / 2097152), floor(length / 16384) % 128, floor(length / 128) % 128, length % 128)
end

-- Start of the record that ends before a position.
local function start_of_last(records, behind)
  local a, b, c, d = byte(records, behind - 4, behind - 1)
  return behind - (a * 2097152 + b * 16384 + c * 128 + d)
end

-- Name, time, messageId and the start of the value of the record at a position.
local function read_record(records, at)
  local name_end = find(records, '\254', at + 1, true)
  local time_end = find(records, '\254', name_end + 1, true)
  local id_end = find(records, '\254', time_end + 1, true)
  return sub(records, at + 1, name_end - 1), tonumber(sub(records, name_end + 1, time_end - 1)),
    sub(records, time_end + 1, id_end - 1), id_end + 1
end

-- Where a record belongs. Newer ones usually come last: they stand in front, but behind where the oldest are the best.
local function position_of(op, records, name, time, id)
  local function is_newer(at)
    local other_name, other_time, other_id = read_record(records, at)
    if time ~= other_time then return time > other_time end
    local order = compare(id, other_id)
    if order ~= 0 then return order > 0 end
    return compare(name, other_name) > 0
  end
  if op == 'e' then
    local behind = #records + 1
    while behind > 1 do
      local start = start_of_last(records, behind)
      if is_newer(start) then return behind end
      behind = start
    end
    return 1
  end
  local at = 1
  while at <= #records and not is_newer(at) do
    at = find(records, '\255', at + 1, true) or #records + 1
  end
  return at
end

-- Whether a change takes the place of the record of its name; also gives where the value of that ends.
local function replaces(op, records, at, time, id, value)
  local _, other_time, other_id, value_at = read_record(records, at)
  local value_end = find(records, '\254', value_at, true)
  local age = time - other_time
  if age == 0 then age = compare(id, other_id) end
  if age == 0 then return compare(value, sub(records, value_at, value_end - 1)) > 0, value_end end
  if op == 'e' then return age < 0, value_end end
  return age > 0, value_end
end

local function put_register(op, field, name, time_text, id, value, keep)
  local part = load_registers(field)
  if keep ~= '' and (part.keep == '' or tonumber(keep) < tonumber(part.keep)) then part.keep = keep end
  local records, time = part.records, tonumber(time_text)
  local at = find(records, '\255' .. name .. '\254', 1, true)
  local stays = true
  if at then
    local wins, value_end = replaces(op, records, at, time, id, value)
    stays = wins
    if wins then
      records = sub(records, 1, at - 1) .. sub(records, value_end + 5)
      part.count = part.count - 1
    end
  end
  if stays then
    local record = '\255' .. name .. '\254' .. time_text .. '\254' .. id .. '\254' .. value .. '\254'
    local position = position_of(op, records, name, time, id)
    records = sub(records, 1, position - 1) .. record .. length_digits(#record + 4) .. sub(records, position)
    part.count = part.count + 1
  end
  local limit = tonumber(part.keep) or part.count
  while part.count > limit do
    records = sub(records, 1, start_of_last(records, #records + 1) - 1)
    part.count = part.count - 1
  end
  part.records = records
end

-- The names of a sample, each as 255, rank, 254, name, stand in one field for each prefix. False when the part has no place.
local lists = {}
local function has_place(field, name, keep, prefix, rank)
  if counts[field] or (not removed[field] and load(field)) then return true end
  local names = lists[prefix]
  if not names then
    names = {}
    for other_rank, other in string.gmatch(load('k' .. prefix) or '', '\255([^\254]*)\254([^\255]*)') do
      names[#names + 1] = { rank = tonumber(other_rank), name = other }
    end
    lists[prefix] = names
  end
  names[#names + 1] = { rank = rank, name = name }
  table.sort(names, function(left, right)
    if left.rank ~= right.rank then return left.rank < right.rank end
    return compare(left.name, right.name) < 0
  end)
  local found = true
  while #names > keep do
    local dropped = table.remove(names).name
    if dropped == name then
      found = false
    else
      counts['p' .. dropped] = nil
      removed['p' .. dropped] = true
    end
  end
  return found
end

local function apply_changes(first, last, message_id)
  local at = first
  while at <= last do
    local op, name = ARGV[at], ARGV[at + 1]
    local field = 'p' .. name
    if op == 'c' then
      local keep = ARGV[at + 5]
      local width = keep == '' and 6 or 8
      if keep == '' or has_place(field, name, tonumber(keep), ARGV[at + 6], tonumber(ARGV[at + 7])) then
        add_to_count(field, tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]))
      end
      at = at + width
    elseif op == 't' then
      local tally = name .. '\0' .. ARGV[at + 2]
      if not tally_amounts[tally] then tally_order[#tally_order + 1] = tally end
      local amounts = tally_amounts[tally] or {}
      amounts[#amounts + 1] = ARGV[at + 3]
      tally_amounts[tally] = amounts
      at = at + 4
    else
      put_register(op, field, ARGV[at + 2], ARGV[at + 3], message_id, ARGV[at + 4], ARGV[at + 5])
      at = at + 6
    end
  end
end

local mark_field, source, window = ARGV[1], ARGV[2], tonumber(ARGV[3])
local head = redis.call('HMGET', state, mark_field, 'w')
local mark = tonumber(head[1] or '-1')
local newest = tonumber(head[2] or '-inf') or -math.huge
local mark_text, newest_text
local added, outcomes, applied = {}, {}, 0

-- The message, when it was received in the window: at which offset of which source.
local function find_seen(digest, oldest)
  local text = added[digest] or redis.call('HGET', seen, digest)
  if not text then return nil end
  local received, offset, at_source = string.match(text, '^(%S+) (%S+) (%S+)$')
  if tonumber(received) < oldest then return nil end
  return tonumber(offset), at_source
end

local at = 4
while at <= #ARGV do
  local offset_text, received_text, digest, message_id = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local first = at + 5
  at = first + tonumber(ARGV[at + 4])
  local offset = tonumber(offset_text)
  local is_new = offset > mark
  local outcome
  if is_new then mark, mark_text = offset, offset_text end
  if window then
    local received = tonumber(received_text)
    if is_new and received > newest then newest, newest_text = received, received_text end
    local oldest = newest - window
    local seen_offset, seen_source = find_seen(digest, oldest)
    if seen_offset then
      -- One that was applied again after the window is known by its later offset; the earlier one was applied too.
      outcome = seen_source == source and seen_offset >= offset and 'r' or 'd'
    elseif is_new and received >= oldest then
      added[digest] = received_text .. ' ' .. offset_text .. ' ' .. source
    end
  end
  if not outcome then
    outcome = is_new and 'a' or 'r'
    if is_new then
      apply_changes(first, at - 1, message_id)
      applied = applied + 1
    end
  end
  outcomes[#outcomes + 1] = outcome
end

local pending = {}
local function flush(key)
  if #pending > 0 then redis.call('HSET', key, unpack(pending)) end
  pending = {}
end
local function set(key, field, value)
  pending[#pending + 1] = field
  pending[#pending + 1] = value
  if #pending >= 200 then flush(key) end
end

if mark_text then
  set(state, mark_field, mark_text)
  if newest_text then set(state, 'w', newest_text) end
  for field, part in pairs(counts) do
    local fives = #part.fives / (4 + part.width)
    set(state, field, struct.pack('<BdH', part.width, part.total, fives) .. part.fives .. part.hours)
    removed[field] = nil
  end
  for field, part in pairs(registers) do set(state, field, part.count .. '\254' .. part.keep .. part.records) end
  for prefix, names in pairs(lists) do
    local texts = {}
    for _, entry in ipairs(names) do texts[#texts + 1] = '\255' .. entry.rank .. '\254' .. entry.name end
    set(state, 'k' .. prefix, table.concat(texts))
  end
  flush(state)
  for field in pairs(removed) do redis.call('HDEL', state, field) end
  for _, tally in ipairs(tally_order) do
    for _, amount in ipairs(tally_amounts[tally]) do
      local sum = redis.pcall('HINCRBY', tallies, tally, amount)
      -- beyond 64 bits
      if type(sum) == 'table' then redis.call('HINCRBYFLOAT', tallies, tally, amount) end
    end
  end
  for digest, text in pairs(added) do set(seen, digest, text) end
  flush(seen)
end

-- Messages that have left the window are removed some at a time: on average four for each that comes.
if applied > 0 then
  local sequence = redis.call('HINCRBY', state, 's', applied)
  if window and floor(sequence / 16) > floor((sequence - applied) / 16) then
    local reply = redis.call('HSCAN', seen, load('h') or '0', 'COUNT', math.max(64, 4 * applied))
    local fields = reply[2]
    for index = 1, #fields, 2 do
      local received = tonumber(string.match(fields[index + 1], '^%S+'))
      if received < newest - window then redis.call('HDEL', seen, fields[index]) end
    end
    redis.call('HSET', state, 'h', reply[1])
  end
end
return table.concat(outcomes)
