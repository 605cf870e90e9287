"""Who and what the demo is about. Domains and phone numbers are those reserved for fiction and documentation."""

from __future__ import annotations

PROJECT = "Northwind Voice"
DOMAIN = "boltkeys.example"

FIRST_NAMES = (
    "Amelia", "Noah", "Priya", "Lucas", "Sofia", "Ethan", "Hannah", "Mateo", "Chloe", "Omar", "Ingrid", "Leo", "Nadia",
    "Oliver", "Yuki", "Grace", "Tomás", "Elena", "Samuel", "Aisha", "Felix", "Clara", "Hugo", "Maren", "Isaac", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Hart", "Okafor", "Lindqvist", "Moreau", "Patel", "Novak", "Fischer", "Rossi", "Khan", "Sato", "Byrne", "Costa",
    "Weber", "Nguyen", "Ferrari", "Kowalski", "Dubois", "Haddad", "Larsen", "Mbeki", "Silva", "Jensen", "O'Neill",
)  # fmt: skip
CITIES = ("London", "Bristol", "Leeds", "Glasgow", "Dublin", "Manchester", "Cardiff", "Edinburgh", "York", "Bath")

CLIENTS = (
    "Harbour Dental", "Fielding & Sons Plumbing", "Copperfield Solicitors", "Green Lane Surgery", "Atlas Roofing",
    "Willow Veterinary Clinic", "Bright Smile Orthodontics", "Kestrel Estate Agents", "Northgate Motors",
    "The Linen Room Hotel", "Peak Physiotherapy", "Moorside Heating", "Beacon Insurance", "Oakwood Nursery",
)  # fmt: skip
"""The businesses whose telephones the agents of the project answer."""

SOURCES = ("website", "website", "website", "phone call", "phone call", "referral", "spring campaign", "trade fair")
WISHES = (
    "Asked for a quote for twelve users.",
    "Wants to hear the after-hours greeting first.",
    "Call back after 16:00, not on Fridays.",
    "Has two branches; needs a number for each.",
    "Compares us with her present answering service.",
    "Interested in the calendar integration.",
    "Sent the price list by e-mail.",
)
SUMMARIES = (
    "New patient, booked a check-up.",
    "Asked for opening hours on the bank holiday.",
    "Boiler without pressure; passed to the engineer on duty.",
    "Wanted to move an appointment to next week.",
    "Left a message for the office manager.",
    "Asked whether the invoice had been paid.",
    "Requested a viewing on Saturday.",
    "Wrong number.",
)
ROLES = (
    ("Reception", "Good morning, you have reached {client}. How can I help you?"),
    ("After hours", "{client} is closed now. I can take a message or arrange a call back."),
    ("Follow-up", "Hello, I am calling on behalf of {client} about your enquiry."),
)
VOICES = ("Ada", "Marlow", "Iris", "Finn", "Juno")
TOPICS = (
    ("Opening hours", "Monday to Friday 08:30 to 17:30. Closed on bank holidays."),
    ("How to book", "Offer the next two free slots from the calendar and confirm by text message."),
    ("Cancellations", "Free of charge up to 24 hours before. Later ones are passed to the office."),
    ("Prices", "Name the starting price only, and offer a call back for a quote."),
    ("Emergencies", "Put the caller through to the number on duty at once, day and night."),
    ("Parking and access", "There is parking behind the building. The entrance is step-free."),
    ("Payment", "Cards and bank transfer. We take no card numbers on the telephone."),
    ("Complaints", "Listen, take name and number, and mark the call for a manager."),
    ("Languages", "English and Polish on site; offer a call back for other languages."),
    ("Data protection", "Recordings are kept for 90 days. Callers may ask for deletion."),
    ("Holiday rota", "From the week before Christmas the after-hours agent takes all calls."),
    ("New clients", "Ask how they heard of us, and create a lead with the source."),
)
PROVIDERS = ("Google Calendar", "HubSpot", "Slack")
