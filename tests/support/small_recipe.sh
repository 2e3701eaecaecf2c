# small_recipe.sh - sourced behind expect.sh by tests that start ranks their own way: small, a training of six steps, and what it makes alone
# SPDX-License-Identifier: Apache-2.0
cat > small.recipe << 'E2'
data: cifar10 strict=false usage=train | shuffle | resize size=8 | rescale rescale=1/255 | hwc2chw | batch batch_size=16 | repeat
net: conv2d out_channels=4 kernel_size=3 | relu | flatten | dense out_channels=10
loss: softmax_cross_entropy leaf_size=4
optimizer: momentum learning_rate=0.01 momentum=0.9
seed: 4
steps: 6
E2
small=("$DETPIPE" train "$work/small.recipe" --data "$fixture" --threads 1)
"${small[@]}" --save alone.safetensors > alone.txt || fail alone
