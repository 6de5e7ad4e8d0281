# Going on with a body that came only in part.

resume-no-mark = nothing beside it says what it is a part of, in a way that shows whether the server still has the same
resume-other-url = it is a part of { $url }
resume-busy = another fetch is writing to it
resume-busy-advice = wait for that fetch, or end it
resume-not-plain = only GET without a range of its own can go on where it was cut off
resume-not-plain-advice = take the method or the field out
resume-whole = the server sends the whole from its start: what it has is another one now, or it cannot send parts
resume-nothing-left = the server has nothing after what is kept (416)
resume-status = the server sends neither the rest nor the whole (status { $status })
resume-other-part = the server sends another part than the rest of the same (206)
resume-advice = fetch it anew, without going on; what is kept stays until then

