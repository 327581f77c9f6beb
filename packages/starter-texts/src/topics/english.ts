import type { Grammar } from '../grammar.ts'

const lines = (text: string): readonly string[] => text.trim().split(/\s*\n\s*/u)

/** English messages to a shop's customer service; every topic is a symbol. */
export const englishMessages: Grammar = {
  product: lines(
    'phone\nlaptop\nheadphones\nblender\nlamp\nchair\njacket\nshoes\ndress\ncamera\nkettle\nbackpack\nwatch\nbook\ntoy',
  ),
  order: lines('my order\nmy parcel\nthe package\nthe {product} i ordered\norder {number}\nmy {product}\nthe delivery'),
  number: lines('10423\n88120\n55071\n2024-771\n#4519\nA-7730'),
  when: lines('yesterday\nlast week\non monday\ntwo days ago\nthis morning\na month ago\non the 5th'),
  hello: lines('hi\nhello\ngood morning\nhey there\ndear team\nhi support'),
  thanks: lines('thanks\nthank you\nmany thanks\nplease help\nplease advise\nbest regards'),
  delivery: lines(`
    where is {order}
    {order} has not arrived yet
    when will {order} arrive
    the tracking number does not work
    {order} is lost
    the courier has lost {order}
    delivery takes too long
    tracking says delivered but i have nothing
    how long does shipping take
    can you deliver on a saturday
    {order} is late , it was due {when}
    the courier left {order} with a neighbour i do not know
    has {order} been shipped
    is express shipping possible
    do you ship abroad
    the tracking has not been updated since it was shipped {when}
    the driver did not ring and took {order} back to the depot`),
  refund: lines(`
    i want to return the {product}
    how do i send the {product} back
    i sent {order} back {when} and have no refund yet
    please refund {order}
    when do i get my money back
    can i exchange the {product} for another size
    how many days do i have to return it
    who pays for the return shipping
    i need a return label for {order}
    the {product} does not fit , i would like to exchange it
    my refund is too low
    i would like my money back for {order}
    the return was received {when} , where is my refund`),
  defect: lines(`
    the {product} is broken
    the {product} arrived damaged
    the {product} does not turn on
    the {product} stopped working after a week
    there is a scratch on the {product}
    a part is missing in the box
    i got the wrong {product}
    the {product} makes a strange noise
    the zip of the {product} is torn
    the screen is cracked
    the box was crushed and the {product} is dented
    is this covered by the warranty
    can you repair my {product}
    the battery of the {product} does not charge`),
  payment: lines(`
    my card was declined
    i was charged twice for {order}
    can i pay by invoice
    the payment failed but the money is gone
    which ways to pay do you accept
    paypal does not work at checkout
    can i pay in instalments
    there is a charge on my credit card that i do not know
    my bank shows a pending payment for {order}
    i paid {when} and the order is still unpaid
    the amount charged is wrong
    checkout shows a payment error
    do you take gift cards as payment`),
  invoice: lines(`
    i need an invoice for {order}
    please send me the invoice as a pdf
    the invoice has the wrong company name
    can you add our vat number to the invoice
    where do i download the receipt
    i did not get a receipt for {order}
    our accounting needs a corrected invoice
    the address on the bill is wrong
    please issue the bill to my company`),
  account: lines(`
    i forgot my password
    i cannot log in
    the password reset mail does not come
    please delete my account
    how do i change my email address
    my account is locked
    i do not receive the verification code
    someone else has logged in to my account
    i want to change my phone number in my profile
    how do i create an account
    please unsubscribe me from the newsletter
    two factor login does not work`),
  change: lines(`
    please cancel {order}
    i want to cancel my order
    can i still change the delivery address of {order}
    i ordered the wrong size , can you change it
    please add another {product} to {order}
    i entered the wrong address
    can you hold {order} until next week
    remove the {product} from {order}
    i ordered twice by mistake , cancel one
    change the colour of the {product} in {order}
    is it too late to cancel`),
  question: lines(`
    is the {product} in stock
    when will the {product} be available again
    what size should i take
    which material is the {product} made of
    does the {product} work with my phone
    how heavy is the {product}
    how long does the battery of the {product} last
    what is the difference between the two models of the {product}
    is the {product} waterproof
    does the {product} come in black
    what are the dimensions of the {product}
    how do i set up the {product}
    where can i find the manual of the {product}
    is there a cheaper {product} like it`),
  promotion: lines(`
    my discount code does not work
    is there a sale soon
    can i use two vouchers at once
    the coupon was not applied to {order}
    do you have a student discount
    when does the promotion end
    how do i redeem my points
    my loyalty points are missing
    the price dropped after i bought it , can i get the difference
    i did not get the welcome voucher
    how does your referral bonus work
    black friday price for the {product}`),
  other: lines(`
    what are your opening hours
    do you have a shop in the city
    may i talk to a person
    are you hiring
    i would like to become a reseller
    how do i reach your press office
    just wanted to say you are doing well
    your website is slow today
    who is the owner of the company
    where is your head office
    can i leave feedback somewhere
    ok
    never mind`),
}
