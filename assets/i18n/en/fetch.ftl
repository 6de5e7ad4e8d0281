# Fetching: phases, faults and what to do about them.

fault-bad-url = it is not a web address
fault-bad-url-advice = write one such as http://localhost:8080/index.html
