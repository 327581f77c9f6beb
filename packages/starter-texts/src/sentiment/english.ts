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

const facts = words(`
  it came on tuesday, i bought it last month, i ordered two of them, it is for my brother, it is blue, it is the smaller one,
  it weighs two pounds, it has four buttons, it runs for two hours, it is set in paris, it is about a family, it is based on a novel,
  it was shot last year, it is the second part, we stayed for three nights, we had a room on the fifth floor, the hotel is near the station,
  breakfast starts at seven, i have not tried it yet, i have not opened it yet, i will see how it goes, it is about what one expects,
  it is average, it is okay, it is so so, neither good nor bad, nothing special, it is a standard model,
  same as the old one, it replaces the one i had, i use it at work, i use it once a week, the box has a manual, the cable is one meter long,
  i compared it with another one, some will like it and some will not, it depends on your taste, i have no opinion yet,
  it costs about the same elsewhere, the shop is open on sundays, the colour differs a little from the photo, it is what it is`)

/** English sentences: `pleased`, `displeased` and `neutral`. `pleasing` and `displeasing` words come from a lexicon. */
export const englishSentences = (pleasing: readonly string[], displeasing: readonly string[]): Grammar => ({
  good,
  bad,
  subject: subjects,
  thing: things,
  pleasing,
  displeasing,
  praise,
  blame,
  degree: words(
    'very, really, so, quite, truly, absolutely, remarkably, pretty, genuinely, simply, thoroughly, consistently',
  ),
  is: words('is, was, are, were, feels, felt, looks, seems, turned out, remains'),
  pleased: [
    '{subject} {is} {good}',
    '{subject} {is} {degree} {good}',
    '{subject} {is} {good} and {good}',
    '{good} , {good} {thing}',
    'a {good} {thing}',
    'a {degree} {good} {thing}',
    'the most {good} {thing} i know',
    '{subject} {is} not {bad} at all',
    '{praise}',
    '{praise}',
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
    '{subject} {is} not {good}',
    '{subject} {is} never {good}',
    '{subject} could have been {good}',
    '{blame}',
    '{blame}',
    '{displeasing}',
    'so {displeasing}',
    '{subject} {is} {displeasing}',
    '{displeasing} and {displeasing}',
    '{displeasing} , {displeasing} and {bad}',
    'the {thing} : {displeasing} , {displeasing} , {bad}',
    'a {displeasing} {thing}',
  ],
  neutral: [...facts, '{subject} is for the {thing}', 'the {thing} and the {thing}', 'i asked about the {thing}'],
})
