const [url, key, business, phone] = process.argv.slice(2)
const reply = await fetch(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-APIKey': key },
  body: JSON.stringify({ business_id: business, target_phone: phone })
})
console.log(JSON.stringify({ status: reply.status, text: await reply.text() }))
