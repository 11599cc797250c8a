"""The ready letters in English. `<brand>` is the sender's name, `<money>` the filter that writes prices."""

from __future__ import annotations

from typing import Final

COMMON: Final = {
    "money": "money('<currency>')",
    "hello": "{% if name|default('', true) %}Hello {{ name }},{% else %}Hello,{% endif %}",
    "pieces": "Quantity: {{ item.quantity|number }}",
    "total": "Total",
    "for_subscribers": "You receive this letter because you subscribed to news from <brand>.",
    "for_customers": "You receive this letter because you have an account or an order with <brand>.",
    "unsubscribe": "Unsubscribe",
}

LETTERS: Final = {
    "confirm_subscription": {
        "subject": "Please confirm your subscription",
        "preheader": "One click, and you are on the list.",
        "heading": "Is this your address?",
        "text": "Someone, most likely you, entered this address to receive news from <brand>. "
        "Please confirm that we may write to you.",
        "button": "Yes, subscribe me",
        "after": "If it was not you, do nothing: without your confirmation we will not write again.",
        "for_customers": "You receive this letter because someone entered your address to subscribe to <brand>.",
    },
    "welcome": {
        "subject": "Welcome to <brand>",
        "preheader": "What we will write about, and how to reach us.",
        "heading": "Welcome to <brand>",
        "text": "Thank you for joining us. We write when there is something worth telling: new arrivals, "
        "useful advice and, now and then, an offer for subscribers.\n\n"
        "If you have a question, simply reply to this letter: a person will read it.",
        "button": "Have a look around",
    },
    "welcome_favourites": {
        "subject": "What our customers come back for",
        "preheader": "A good place to begin.",
        "heading": "A good place to begin",
        "text": "Choosing is hard when everything is new. Here is what our customers order again and again.",
        "item_button": "View",
        "button": "See everything",
    },
    "welcome_offer": {
        "subject": "{{ offer.share|percent }} off your first order",
        "preheader": "Your code is inside; it is valid until {{ offer.ends|date('MMMMd') }}.",
        "heading": "{{ offer.share|percent }} off your first order",
        "text": "We would be glad to have you as a customer. Enter this code at checkout:",
        "after": "The code is valid until {{ offer.ends|date('MMMMd') }} and can be used once.",
        "button": "Choose something",
    },
    "cart": {
        "subject": "{{ cart|length|number }} {{ cart|length|plural('item is', 'items are') }} waiting in your cart",
        "preheader": "We have saved your cart: you can go on where you left off.",
        "heading": "We have saved your cart",
        "text": "You put something aside and did not finish the order. Everything is still where you left it.",
        "button": "Return to the cart",
    },
    "cart_questions": {
        "subject": "Can we help with your order?",
        "preheader": "Reply to this letter, and we will answer.",
        "heading": "Can we help you decide?",
        "text": "Your cart still holds {{ cart|length|number }} {{ cart|length|plural('item', 'items') }}. "
        "If something about size, delivery or payment was unclear, reply to this letter and we will help.",
        "button": "Return to the cart",
    },
    "cart_last": {
        "subject": "We will keep your cart until {{ cart_until|date('MMMMd') }}",
        "preheader": "After that the items go back on the shelf.",
        "heading": "Your cart is saved until {{ cart_until|date('MMMMd') }}",
        "text": "After that we will clear it, so that others can order these items. "
        "This is the last time we remind you of it.",
        "button": "Finish the order",
    },
    "order_confirmed": {
        "subject": "Your order {{ order.number }} has been placed",
        "preheader": "We will write again when it is on its way.",
        "heading": "Thank you for your order",
        "text": "We have received your order {{ order.number }} and are getting it ready. "
        "We will write again when it is on its way.",
        "delivery": "**Delivery:** {{ order.delivery }}",
        "button": "View the order",
    },
    "order_shipped": {
        "subject": "Your order {{ order.number }} is on its way",
        "preheader": "We expect it to arrive on {{ order.arrives|date('MMMMd') }}.",
        "heading": "Your order is on its way",
        "text": "We have handed order {{ order.number }} to {{ order.carrier }}. "
        "It should arrive on **{{ order.arrives|date('EEEEMMMMd') }}**.",
        "button": "Track the parcel",
    },
    "order_delivered": {
        "subject": "Your order {{ order.number }} has arrived",
        "preheader": "Is everything as it should be?",
        "heading": "Your order has arrived",
        "text": "Order {{ order.number }} has been delivered. If something is missing or does not suit you, "
        "reply to this letter and we will put it right.",
        "button": "View the order",
    },
    "order_cancelled": {
        "subject": "Your order {{ order.number }} has been cancelled",
        "preheader": "What happens to your payment.",
        "heading": "Your order has been cancelled",
        "text": "Order {{ order.number }} has been cancelled. If you have already paid, "
        "{{ order.total|<money> }} will be returned the way you paid; banks usually need a few working days.\n\n"
        "If you did not ask for this, reply to this letter.",
        "button": "View the order",
    },
    "receipt": {
        "subject": "We have received your payment for order {{ order.number }}",
        "preheader": "{{ order.total|<money> }}, {{ order.paid|date }}",
        "heading": "Thank you for your payment",
        "text": "Order {{ order.number }} was paid on {{ order.paid|date('MMMMd') }}.",
        "item": "Item",
        "quantity": "Quantity",
        "price": "Price",
        "button": "View the order",
    },
    "sign_in_code": {
        "subject": "{{ code }} is your sign-in code",
        "preheader": "Valid for {{ minutes|number }} {{ minutes|plural('minute', 'minutes') }}.",
        "heading": "Your sign-in code",
        "text": "Enter this code on the page where you began to sign in:",
        "after": "It is valid for {{ minutes|number }} {{ minutes|plural('minute', 'minutes') }}. Do not tell it to "
        "anyone: we never ask for it. If you are not signing in, you can ignore this letter.",
    },
    "password_reset": {
        "subject": "Choose a new password",
        "preheader": "The link is valid for {{ minutes|number }} {{ minutes|plural('minute', 'minutes') }}.",
        "heading": "Choose a new password",
        "text": "You asked to change your password at <brand>. The link below is valid for "
        "{{ minutes|number }} {{ minutes|plural('minute', 'minutes') }}.",
        "button": "Choose a password",
        "after": "If you did not ask for this, you can ignore this letter: your password stays as it is.",
    },
    "password_changed": {
        "subject": "Your password has been changed",
        "preheader": "If it was you, there is nothing to do.",
        "heading": "Your password has been changed",
        "text": "The password of your account at <brand> was changed on {{ changed_at|datetime(zone=zone) }}. "
        "If it was you, there is nothing to do.",
        "button": "It was not me",
        "after": "The button leads to a page where you can secure your account.",
    },
    "payment_failed": {
        "subject": "Your payment did not go through",
        "preheader": "Please check your card; nothing is switched off yet.",
        "heading": "Your payment did not go through",
        "text": "We could not collect {{ amount|<money> }} for {{ plan }}. Most often a card has expired or "
        "its limit is reached. We will try again on {{ retry_on|date('MMMMd') }}; until then nothing changes for you.",
        "button": "Check the card",
    },
    "trial_ending": {
        "subject": "Your trial ends on {{ ends|date('MMMMd') }}",
        "preheader": "What happens next, and how to go on.",
        "heading": "Your trial ends on {{ ends|date('MMMMd') }}",
        "text": "If you would like to go on, choose a plan; it costs {{ price|<money> }} a month. "
        "If not, there is nothing to do: nothing will be charged.",
        "button": "Choose a plan",
    },
    "reactivation": {
        "subject": "It has been a while: here is what is new",
        "preheader": "A few things that have arrived since your last visit.",
        "heading": "It has been a while",
        "text": "We have not seen you for some time. Here is what has arrived since then; perhaps it suits you.",
        "item_button": "View",
        "button": "See what is new",
    },
    "goodbye": {
        "subject": "Shall we go on writing?",
        "preheader": "If you do not answer, we will stop.",
        "heading": "Shall we go on writing?",
        "text": "You have not opened our letters for some time, and we do not want to be in your way. If you would "
        "like to stay, press the button. If you do nothing, this is our last letter, and thank you for having read us.",
        "button": "Go on writing",
    },
    "newsletter": {
        "subject": "{{ issue.title }}",
        "preheader": "{{ issue.lead }}",
        "heading": "{{ issue.title }}",
        "text": "{{ issue.lead }}",
        "more": "Read on",
    },
    "seasonal_offer": {
        "subject": "{{ offer.title }}: {{ offer.share|percent }} off until {{ offer.ends|date('MMMMd') }}",
        "preheader": "Our choice for you, and a code for everything else.",
        "heading": "{{ offer.title }}",
        "text": "Until **{{ offer.ends|date('EEEEMMMMd') }}** you pay {{ offer.share|percent }} less "
        "with the code **{{ offer.code }}**. Here is what we would choose:",
        "item_button": "View",
        "button": "See all offers",
    },
    "recommendations": {
        "subject": "Chosen for you",
        "preheader": "It goes well with what you have ordered.",
        "heading": "Perhaps this suits you",
        "text": "We have looked at what you ordered and chosen what goes well with it.",
        "item_button": "View",
        "button": "See more",
    },
    "back_in_stock": {
        "subject": "Back in stock: {{ product.name }}",
        "preheader": "You asked us to tell you.",
        "heading": "It is back",
        "text": "You asked us to tell you when this item is available again. It is.",
        "button": "View the item",
    },
    "price_drop": {
        "subject": "{{ product.name }} now costs {{ product.price|<money> }}",
        "preheader": "It was {{ product.old_price|<money> }}.",
        "heading": "The price has come down",
        "text": "You saved this item, and it has become cheaper.",
        "button": "View the item",
    },
    "birthday": {
        "subject": "Happy birthday from <brand>",
        "preheader": "A small present from us.",
        "heading": "Happy birthday!",
        "text": "We wish you a good year. Our present is {{ offer.share|percent }} off any order with this code:",
        "after": "The code is valid until {{ offer.ends|date('MMMMd') }} and can be used once.",
        "button": "Choose a present",
    },
    "review_request": {
        "subject": "How do you like {{ product.name }}?",
        "preheader": "Two minutes that help others choose.",
        "heading": "How do you like it?",
        "text": "You have had **{{ product.name }}** for a while. Tell others what you think of it, good or bad: "
        "it helps them choose and helps us improve.",
        "button": "Write a review",
    },
    "event_invitation": {
        "subject": "{{ event.title }}, {{ event.starts|date('MMMMd', zone=zone) }}",
        "preheader": "{{ event.place }}, {{ event.starts|time(zone=zone) }}.",
        "heading": "{{ event.title }}",
        "text": "{{ event.about }}",
        "when": "When",
        "where": "Where",
        "button": "Save a seat",
    },
}
