const answer = await fetch('/api/health');
const { message } = await answer.json();
document.getElementById('status').textContent = message;
