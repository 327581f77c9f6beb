import type { Grammar } from '../grammar.ts'

const words = (text: string): readonly string[] => text.trim().split(/\s*,\s*/u)

/** What pleases, of goods, rooms, meals, help, and of stories that are read, watched or played. */
const good = words(`
  good, great, excellent, wonderful, fantastic, superb, perfect, lovely, beautiful, brilliant, outstanding, amazing, impressive,
  delightful, charming, pleasant, nice, fine, solid, sturdy, reliable, durable, comfortable, cozy, spotless, clean, tidy, quiet,
  spacious, bright, fresh, tasty, delicious, crisp, generous, affordable, cheap but good, well made, well built, well written,
  well acted, well directed, well organised, easy to use, easy to clean, quick, fast, smooth, sharp, clear, accurate, helpful,
  friendly, polite, patient, attentive, professional, honest, fair, thoughtful, thorough, flawless, elegant, stylish, gorgeous,
  stunning, breathtaking, memorable, unforgettable, moving, touching, heartfelt, heartwarming, tender, warm, funny, hilarious,
  witty, clever, smart, sly, playful, entertaining, enjoyable, engaging, engrossing, absorbing, gripping, riveting, compelling,
  captivating, enthralling, mesmerizing, fascinating, intriguing, thrilling, exciting, suspenseful, powerful, intense, haunting,
  poignant, profound, insightful, intelligent, wise, subtle, nuanced, rich, layered, complex, original, inventive, imaginative,
  creative, innovative, refreshing, surprising, unpredictable, daring, bold, ambitious, masterful, accomplished, assured,
  skillful, polished, vivid, lively, energetic, lyrical, poetic, graceful, authentic, sincere, believable, convincing, human,
  humane, provocative, satisfying, rewarding, worthwhile, uplifting, inspiring, magical, sweet, sublime, exquisite, extraordinary,
  remarkable, exceptional, terrific, first rate, top notch, second to none, timeless, classic, irresistible, a joy, a delight,
  a treat, a triumph, a gem, a masterpiece, a bargain, a pleasure, a winner, worth every penny, worth the money, worth seeing,
  worth the wait, better than expected, better than i had hoped, just what i wanted, exactly as described`)

const bad = words(`
  bad, poor, terrible, awful, horrible, dreadful, lousy, lame, weak, useless, worthless, defective, broken, faulty, flimsy,
  fragile, cheap and nasty, uncomfortable, dirty, filthy, dusty, smelly, noisy, loud, cramped, dark, damp, cold, stale, tasteless,
  greasy, overcooked, undercooked, overpriced, expensive for what it is, badly made, badly built, badly written, badly acted,
  badly directed, badly organised, hard to use, hard to clean, slow, late, laggy, blurry, inaccurate, unhelpful, unfriendly, rude,
  impatient, careless, unprofessional, dishonest, unfair, sloppy, flawed, ugly, outdated, shabby, worn, forgettable, dull, boring,
  tedious, tiresome, dreary, bland, flat, lifeless, listless, soulless, stiff, wooden, clumsy, awkward, heavy handed, unfunny,
  humorless, witless, silly, stupid, dumb, inane, mindless, idiotic, ridiculous, laughable, absurd, pointless, aimless, shallow,
  superficial, empty, hollow, thin, slight, predictable, formulaic, cliched, derivative, unoriginal, generic, routine, tired,
  stale and familiar, recycled, contrived, forced, implausible, unconvincing, unbelievable in the worst way, incoherent, muddled,
  confusing, confused, disjointed, messy, uneven, overlong, bloated, plodding, sluggish, meandering, repetitive, monotonous,
  pretentious, self indulgent, smug, mawkish, maudlin, sappy, manipulative, preachy, melodramatic, overwrought, overdone,
  excessive, crude, vulgar, tasteless and mean, gross, annoying, irritating, grating, obnoxious, exhausting, painful, unpleasant,
  unwatchable, unreadable, unbearable, disappointing, frustrating, unsatisfying, underwhelming, mediocre, inept, amateurish,
  incompetent, half baked, misguided, ill conceived, a mess, a disaster, a failure, a flop, a bore, a chore, a dud, a rip off,
  a scam, a waste of time, a waste of money, a letdown, a disappointment, a nightmare, not worth it, not worth the money,
  worse than expected, nothing like the picture, nothing like described, not as described`)

const subjects = words(`
  the phone, the screen, the battery, the laptop, the camera, the charger, the headphones, the jacket, the shoes, the dress,
  the fabric, the blender, the lamp, the chair, the table, the packaging, the delivery, the room, the bed, the bathroom,
  the hotel, the staff, the breakfast, the location, the view, the food, the soup, the coffee, the restaurant, the waiter,
  the service, the support team, the app, the website, the manual, the book, the novel, the story, the plot, the ending,
  the film, the movie, the picture, the script, the screenplay, the dialogue, the cast, the acting, the performance,
  the direction, the director, the characters, the soundtrack, the cinematography, the comedy, the drama, the thriller,
  the documentary, the game, the album, the price, the quality, everything, it, this, this one, all of it`)

const things = words(`
  phone, screen, battery, laptop, camera, charger, jacket, dress, blender, lamp, chair, table, delivery, room, bed, hotel, staff,
  breakfast, location, view, meal, soup, coffee, restaurant, service, support, app, website, book, novel, story, plot, ending, film,
  movie, picture, script, dialogue, cast, acting, performance, direction, comedy, drama, thriller, documentary, romance, adventure,
  fairy tale, satire, character study, game, album, price, quality, product, item, purchase, experience, idea, design`)

const praise = words(`
  i love it, i loved it, we loved every minute, i like it a lot, highly recommended, i would recommend it to anyone,
  i would buy it again, we will come back, i will order again, my kids love it, my wife adores it, it made my day,
  it made me laugh out loud, it made me smile, it moved me to tears, i could not put it down, it works like a charm,
  it works perfectly, no complaints at all, nothing to complain about, i could not be happier, it exceeded my expectations,
  five stars, thumbs up, well done, you will not regret it, do not miss it, do yourself a favor and get one, it held my attention,
  it kept me on the edge of my seat, it is full of life, it is full of surprises, a pleasure from start to finish,
  it grows on you, it never gets old, it has heart, it has charm to spare, it hits all the right notes, it delivers,
  it stays with you, it is one of the best of the year, the best i have had, it arrived early, it fits perfectly,
  they solved my problem at once, they went out of their way to help, thanks to the team, so happy with it, really pleased`)

const blame = words(`
  i hate it, i hated it, i want my money back, i sent it back, i returned it, i regret buying it, do not buy it, avoid it,
  stay away, never again, we will not come back, i would not recommend it, save your money, save your time, skip it,
  it stopped working, it broke after a week, it fell apart, it does not work, it never worked, it does not fit, it leaks,
  it arrived late, it arrived damaged, it never arrived, parts were missing, the wrong item came, nobody answered, nobody helped,
  they ignored my mails, they refused a refund, i waited for hours, one star, zero stars if i could, thumbs down, what a mess,
  what a waste, i fell asleep, i walked out, i could not finish it, it goes nowhere, it falls flat, it drags on, it runs out of steam,
  it never comes to life, it lacks heart, it lacks substance, it lacks focus, it fails to convince, it fails on every level,
  it makes no sense, it feels like a bad joke, it feels like work, it wastes its cast, it tries too hard, it takes itself too seriously,
  there is nothing here, there is no reason to see it, you have seen it all before, the jokes are not funny, i felt cheated,
  not what i ordered, the worst i have had, so disappointed, really upset, i am fed up`)

/** What a story, a thing or a service has or lacks. */
const virtues = words(`
  wit, charm, heart, humor, warmth, tension, energy, suspense, intelligence, imagination, style, grace, insight, depth, passion,
  soul, emotion, originality, substance, honesty, beauty, tenderness, humanity, truth, love, wisdom, fun, joy, delight, magic,
  craft, talent, skill, ambition, integrity, conviction, compassion, dignity, elegance, verve, vitality, freshness, sincerity,
  simplicity, subtlety, complexity, spirit, courage, surprises, laughs, thrills, life, ideas, inspiration, personality, quality,
  comfort, care, attention to detail, good taste, common sense`)

const vices = words(`
  cliches, holes, gimmicks, noise, melodrama, nonsense, contrivances, stereotypes, boredom, sentimentality, clutter, excess,
  errors, bugs, delays, excuses, scratches, stains, gaps, platitudes, cheap tricks, bad jokes, bad acting, bad dialogue,
  dead air, empty talk, loose ends, false notes, flat jokes, hidden fees, long waits, missing parts, hot air, filler, junk, trash,
  garbage, rubbish, crap, pretension, confusion, chaos, stupidity, vanity, cruelty, misery`)

/** What many say in brief. */
const plainlyGood = words(`
  good, great, nice, excellent, perfect, amazing, awesome, wonderful, fantastic, lovely, beautiful, delicious, brilliant, helpful, friendly, fast, clean,
  comfortable, easy, fun, interesting, useful, reliable, happy, fine quality, tasty, pleasant, the best, cool, superb`)
const plainlyBad = words(`
  bad, poor, terrible, awful, horrible, disgusting, useless, worthless, boring, broken, dirty, rude, slow, late, damaged, noisy, cheap, ugly, expensive,
  defective, faulty, uncomfortable, difficult, unhelpful, disappointing, unacceptable, the worst, sad, stupid, unfair`)
/** Of these people say that they are not so. */
const deniedGood = words(`
  good, great, nice, clean, helpful, friendly, fast, comfortable, easy, fun, interesting, useful, reliable, tasty, pleasant, worth it, as described, fresh, quiet, safe`)
const deniedBad = words(
  'bad, expensive, difficult, slow, dirty, noisy, heavy, boring, terrible, hard, cold, late, ugly, cheap',
)
const contentment = words('happy, very happy, so happy, pleased, satisfied, impressed, delighted, glad, very satisfied')
const discontent = words(
  'unhappy, disappointed, very disappointed, dissatisfied, angry, upset, annoyed, frustrated, let down, sad',
)
const acts = words('like, love, recommend, enjoy, want, need, trust')
const brieflyPleased = words(`
  good, good, very good, this is good, it is good, great, {plainlyGood}, {degree} {plainlyGood}, it is {plainlyGood}, this is {plainlyGood}, it was {plainlyGood}, {subject} is {plainlyGood}, {subject} was {plainlyGood}, the {thing} was {degree} {plainlyGood},
  {plainlyGood} {thing}, a {plainlyGood} {thing}, it is a {plainlyGood} {thing}, {plainlyGood} quality, {plainlyGood} service, the quality is {plainlyGood}, everything is {plainlyGood}, {plainlyGood} value for money,
  not {deniedBad}, not bad, not bad at all, not {deniedBad} at all, it is not {deniedBad}, {subject} {isnt} {deniedBad}, nothing {deniedBad} about it, {plainlyGood}, {plainlyGood}, {plainlyGood} {thing}, super {plainlyGood} {thing}, the {thing} lasts long, five stars, thumbs up, i am {contentment}, i am {contentment} with it, i am {contentment} with my {thing},
  i {act} it, i really {act} it, i {act} this {thing}, we {act} it, we loved it, i liked it, i enjoyed it, i loved it, my family loves it, love it, {act} this {thing}, i would recommend it, highly recommended, recommended, best {thing} ever,
  best {thing} i have ever had, one of the best, this is the best {thing} i have read, this is the best {thing} i have seen, it works, it works great, works well, works perfectly, worth it, worth the price, worth every penny,
  would buy again, i would buy it again, i will buy it again, will order again, will come back, thank you so much, thanks a lot, great job, no problems, no issues, no complaints, never had a problem, fast delivery, quick delivery`)
const brieflyDispleased = words(`
  bad, bad, very bad, this is bad, it is bad, terrible, {plainlyBad}, {degree} {plainlyBad}, it is {plainlyBad}, this is {plainlyBad}, it was {plainlyBad}, {subject} is {plainlyBad}, {subject} was {plainlyBad}, the {thing} was {degree} {plainlyBad},
  {plainlyBad} {thing}, a {plainlyBad} {thing}, it is a {plainlyBad} {thing}, {plainlyBad} quality, {plainlyBad} service, the quality is {plainlyBad}, everything is {plainlyBad}, too {plainlyBad},
  {plainlyBad}, {plainlyBad}, {plainlyBad} {thing}, the {thing} does not last, the battery died, the {thing} died after {amount} days, boring, boring {thing}, so boring, one star, not {deniedGood}, not good, not good, it is not good, not good at all, not {deniedGood} at all, it is not {deniedGood}, {subject} {isnt} {deniedGood}, {subject} {isnt} {deniedGood}, nothing {deniedGood} about it, i am {discontent}, i am {discontent} with it, i am not {contentment},
  i am not {contentment} with it, i wasn't {contentment} with it, not {contentment}, i do not {act} it, i don't {act} it, i didn't {act} it, don't {act} this {thing}, we do not {act} it, i hate it, hate this {thing}, i hated it, i would not recommend it,
  not recommended, i do not recommend it, i cannot recommend it, worst {thing} ever, the worst {thing} i have ever had, the worst {thing} i have ever seen, the worst {thing}, does not work, doesn't work, it didn't work, it won't work, stopped working,
  it broke, it broke after {amount} days, it broke {moment}, broken {thing}, the {thing} broke, the {thing} is broken, not worth it, not worth the price, not worth the money, isn't worth it, waste of money, waste of time, a complete waste,
  wouldn't buy again, would not buy it again, never buying again, never again, won't come back, will not come back, will not order again, i want a refund, want my money back, late delivery, slow delivery, no answer, no help, nobody helps,
  arrived broken, arrived damaged, arrived late, the delivery was late, rip off, a scam, avoid, stay away, no thanks, what a joke, only problems, too many problems`)

const days = words('monday, tuesday, wednesday, thursday, friday, saturday, sunday')
const moments = words(
  'last week, yesterday, today, this morning, last month, a week ago, in march, in the evening, at noon, two days ago, next week, at three, at ten',
)
const amounts = words('one, two, three, four, five, six, seven, eight, ten, twelve, 12, 20, 45, 100, 1234, 8812')
const colours = words('black, white, red, blue, green, grey, brown, silver, small, large, medium, round, square')
const parts = words(
  'button, cable, manual, pocket, handle, lid, bag, screw, page, chapter, floor, window, door, key, inch screen, battery, port, plug, remote, cover',
)
const materials = words('wood, steel, cotton, glass, plastic, leather, paper, metal, wool, stone')
const people = words(
  'he, she, we, they, my brother, my sister, a friend, the teacher, the driver, my colleague, the neighbour, a man, a woman',
)
const doings = words(
  'took, opened, closed, saw, read, watched, sent, brought, carried, bought, ordered, used, asked for, looked at, talked about, paid for, wrote about, left, found, kept',
)
const places = words(
  'the station, the office, the shop, the kitchen, the city, my sister, my friend, the market, the airport, the park, work, home',
)
const units = words('inches, pounds, pages, minutes, hours, nights, days, pieces, meters, grams, dollars, euros')

/** Statements and questions in which nobody is pleased or displeased. */
const statements = words(`
  {subject} arrived on {day}, {subject} was delivered on {day}, {subject} came {moment}, the package arrived {moment}, the parcel came on {day},
  it arrived {moment}, it arrived on {day} at {amount}, delivered on {day}, i bought it {moment}, i bought this {thing} {moment}, we bought the {thing} on {day},
  i ordered {amount} of them, i ordered the {thing} {moment}, i ordered a {colour} one, my order number is {amount}, order {amount}, the number is {amount},
  it is {colour}, the {thing} is {colour}, it is {colour} and {colour}, i took the {colour} one, it comes in {colour} and {colour}, the box contains a {part},
  the box contains {amount} of them and a {part}, it contains {amount} {unit}, the {thing} has a {amount} {part}, the {thing} has {amount} {part}, it has a {part}, the {part} is {colour},
  it is {amount} {unit} long, it weighs {amount} {unit}, it takes {amount} {unit}, it lasts {amount} {unit}, it costs {amount} {unit}, {amount} {unit},
  the {thing} is next to {place}, the hotel is near {place}, the restaurant is across from {place}, it is for {place}, i use it at {place}, i took it to {place},
  what time do you open, when do you open on {day}, do you open on {day}, where is the {part}, which {thing} is it, is it {colour}, how many {unit} is it, can i pay by card,
  does it come with a {part}, how does the {part} work, the meeting is on {day}, the meeting is at {amount}, we meet {moment}, the shop opens {moment}, the train leaves {moment},
  i have not opened it yet, i haven't used it yet, i have not read it yet, i will try it {moment}, i will see, we will see, i am still waiting for {day},
  it is about {amount} {unit}, the story takes place in {place}, the film is {amount} minutes long, the book has {amount} pages, it was written {moment}, he works at {place},
  she lives near {place}, i asked {place} about the {thing}, i saw it {moment}, it was {moment}, this is my second {thing}, this is the {colour} {thing}, the {thing} of {place},
  {people} {doing} the {thing}, {people} {doing} the {thing} {moment}, {people} {doing} the {part} on {day}, {people} {doing} {amount} of them, {people} went to {place}, {people} left at {amount} pm,
  {people} left for {place} at {amount}, {people} lives near {place}, {people} stayed at {place}, the {thing} is made of {material}, it is made of {material}, a {colour} {thing} of {material}, the {part} is of {material},
  can you tell me the number, can you tell me the size, could you tell me how long it takes, please tell me the address, may i have the {part}, do you have it in {colour}, is there a {part}, who made the {thing}, when does the {thing} start,
  the weather is cloudy today, it is raining, it is {day} today, the address is {amount} main street, the courier left it at the door, the driver put it next to the {part}, the parcel is at {place}, i will open it {moment}, i paid by card,
  it is okay, it was okay, it is ok, ok, okay, average, it is average, just average, so-so, comme ci comme ca, an average {thing}, it is an average {thing}, so so, not good not bad, neither good nor bad,
  it is neither good nor bad, nothing special, it is nothing special, fine i guess, no opinion, hard to say, it depends, medium, standard, normal, as usual, it does what it does`)

const facts = words(`
  it came on tuesday, i bought it last month, i ordered two of them, it is for my brother, it is blue, it is the smaller one,
  it weighs two pounds, it has four buttons, it runs for two hours, it is set in paris, it is about a family, it is based on a novel,
  it was shot last year, it is the second part, we stayed for three nights, we had a room on the fifth floor, the hotel is near the station,
  breakfast starts at seven, i have not tried it yet, i have not opened it yet, i will see how it goes, it is about what one expects,
  it is average, it is okay, it is so so, neither good nor bad, nothing special, it is a standard model,
  same as the old one, it replaces the one i had, i use it at work, i use it once a week, the box has a manual, the cable is one meter long,
  i compared it with another one, some will like it and some will not, it depends on your taste, i have no opinion yet,
  it costs about the same elsewhere, the shop is open on sundays, the colour differs a little from the photo, it is what it is`)

const vocabulary = {
  good,
  bad,
  subject: subjects,
  thing: things,
  praise,
  blame,
  degree: words(
    'very, really, so, quite, truly, absolutely, remarkably, pretty, genuinely, simply, thoroughly, consistently',
  ),
  is: words('is, was, are, were, feels, felt, looks, seems, turned out, remains'),
  isnt: words(
    "is not, was not, isn't, wasn't, is n't, was n't, aren't, is never, does not feel, is hardly, is far from",
  ),
  virtue: virtues,
  vice: vices,
  plainlyGood,
  plainlyBad,
  deniedGood,
  deniedBad,
  contentment,
  discontent,
  act: acts,
  brieflyPleased,
  brieflyDispleased,
  statements,
  day: days,
  moment: moments,
  amount: amounts,
  colour: colours,
  part: parts,
  place: places,
  material: materials,
  people,
  doing: doings,
  unit: units,
  pleased: [
    '{subject} {is} {good}',
    '{subject} {is} {degree} {good}',
    '{subject} {is} {good} and {good}',
    '{good} , {good} {thing}',
    'a {good} {thing}',
    'a {degree} {good} {thing}',
    'the most {good} {thing} i know',
    '{subject} {is} not {bad}',
    'both {good} and {good}',
    'as {good} as it is {good}',
    'one of the most {good} {thing}s of the year',
    'surprisingly {good}',
    'always {good}',
    'full of {virtue}',
    '{virtue} and {virtue}',
    'with {virtue} and {virtue}',
    'a {good} {thing} with {virtue}',
    'it manages to be {good}',
    '{good} enough to {pleasing} you',
    'it makes you {pleasing}',
    'despite its {vice} it is {good}',
    '{praise}',
    '{praise}',
    '{brieflyPleased}',
    '{pleasing}',
    'so {pleasing}',
    '{subject} {is} {pleasing}',
    '{pleasing} and {pleasing}',
    '{pleasing} , {pleasing} and {good}',
    'the {thing} : {pleasing} , {pleasing} , {good}',
    'a {pleasing} {thing}',
  ],
  displeased: [
    '{subject} {is} {bad}',
    '{subject} {is} {degree} {bad}',
    '{subject} {is} {bad} and {bad}',
    '{bad} , {bad} {thing}',
    'a {bad} {thing}',
    'a {degree} {bad} {thing}',
    'the most {bad} {thing} i know',
    'too {bad} to be {good}',
    '{subject} {isnt} {good}',
    '{subject} {isnt} {deniedGood}',
    'not {good} enough',
    'less {good} than it should be',
    '{subject} could have been {good}',
    'it tries to be {good} but {is} {bad}',
    'it never becomes {good}',
    'neither {good} nor {good}',
    'it lacks {virtue}',
    'no {virtue} , no {virtue}',
    'without {virtue} or {virtue}',
    'there is no {virtue} in it',
    'nothing but {vice}',
    'just {vice} and {vice}',
    'full of {vice}',
    'too much {vice}',
    'too many {vice}',
    'only {vice} instead of {virtue}',
    'more {bad} than {good}',
    'so {bad} that i left',
    'unfortunately {subject} {is} {bad}',
    '{blame}',
    '{blame}',
    '{brieflyDispleased}',
    '{displeasing}',
    'so {displeasing}',
    '{subject} {is} {displeasing}',
    '{displeasing} and {displeasing}',
    '{displeasing} , {displeasing} and {bad}',
    'the {thing} : {displeasing} , {displeasing} , {bad}',
    'a {displeasing} {thing}',
  ],
  neutral: [
    ...facts,
    ...statements,
    '{subject} is for the {thing}',
    'the {thing} and the {thing}',
    'i asked about the {thing}',
  ],
} satisfies Grammar

/** English sentences: `pleased`, `displeased` and `neutral`. `pleasing` and `displeasing` words come from a lexicon. */
export const englishSentences = (pleasing: readonly string[], displeasing: readonly string[]): Grammar => ({
  ...vocabulary,
  pleasing,
  displeasing,
})
